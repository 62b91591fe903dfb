// Two laws, one noise: how often do a draft and a target that share it pick the same token?
// State: words, draft_weights, verifier_weights, mixture_weight, seed, draws.
import { agreementProbability, independentAgreement, maximalAgreement, mixture, normalised } from "./laws.js";
import { gumbelMax, gumbelNoise } from "./rng.js";
import { button, chart, connect, element, explorerRoot, figures, integerField, polyline, shape, slider, spoken } from "./dom.js";

const MAX_DRAWS = 2000;
const NUMBERS = ["p_D", "p̂_AR", "p_T", "g", "log p_D + g", "log p_T + g"];

// Everything that the interface shows, from the state alone.
export function couplingResults({ draftWeights, verifierWeights, mixtureWeight, seed, draws }) {
  const draft = normalised(draftWeights);
  const verifier = normalised(verifierWeights);
  const target = mixture(draft, verifier, mixtureWeight);
  if (target === null) return { draft, verifier, target: null };
  const logs = [draft, target].map((law) => law.map(Math.log));
  const rates = [];
  let agreed = 0;
  let last = null;
  for (let position = 0; position < draws; position += 1) {
    const noise = gumbelNoise(seed, position, draft.length);
    const [x, y] = logs.map((log) => gumbelMax(log, noise));
    agreed += x === y ? 1 : 0;
    rates.push(agreed / (position + 1));
    last = { noise, draftScores: logs[0].map((l, v) => l + noise[v]), draftToken: x,
      targetScores: logs[1].map((l, v) => l + noise[v]), targetToken: y };
  }
  return {
    draft, verifier, target, agreed, rates, last,
    shared: agreementProbability(draft, target),
    independent: independentAgreement(draft, target),
    maximal: maximalAgreement(draft, target),
  };
}

function weightTable(words, set, model) {
  const cells = { draft_weights: [], verifier_weights: [] };
  const rows = words.map((word, v) => {
    const row = element("tr", {}, element("th", { scope: "row" }, word));
    for (const [name, law] of [["draft_weights", "p_D"], ["verifier_weights", "p̂_AR"]]) {
      const control = slider({
        label: `weight of ${word} under ${law}`, min: 0, max: 100, step: 1, compact: true,
        format: (value) => String(Math.round(10 * value) / 10), name: `${name}-${v}`,
        onchange: (value) =>
          set({ [name]: model.get(name).map((old, i) => (i === v ? value : old)) }),
      });
      cells[name].push(control);
      row.append(element("td", {}, control.node));
    }
    return row;
  });
  const head = element("tr", {}, ...["weights", "p_D", "p̂_AR"].map((text) =>
    element("th", { scope: "col" }, text)));
  const node = element("table", { class: "apd-weights" }, element("thead", {}, head),
    element("tbody", {}, ...rows));
  return { node, cells };
}

function scoreTable(words, results) {
  const { draft, verifier, target, last } = results;
  const head = ["token", ...NUMBERS].map((text) => element("th", { scope: "col" }, text));
  const rows = words.map((word, v) => {
    const numbers = [draft[v], verifier[v], target[v], last?.noise[v],
      last?.draftScores[v], last?.targetScores[v]];
    const cells = numbers.map((number, column) => {
      const wins = (column === 4 && last?.draftToken === v) || (column === 5 && last?.targetToken === v);
      const text = number === undefined ? "" : Number.isFinite(number) ? number.toFixed(2) : "−∞";
      return element("td", {
        class: wins ? "apd-winner" : null, "data-value": number ?? "", "data-column": column,
      }, wins ? `▲ ${text}` : text);
    });
    return element("tr", {}, element("th", { scope: "row" }, word), ...cells);
  });
  const caption = element("caption", {}, last === null
    ? "The laws. Draw once to see noise and scores."
    : `Draw ${results.rates.length}: the same noise g for both laws; ▲ marks the largest score.`);
  return element("table", { class: "apd-scores" }, caption,
    element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows));
}

function rateChart({ rates, shared }) {
  const last = Math.max(10, rates.length);
  const label = `Share of draws in which draft and target agree, after ${rates.length} draws: ` +
    `${rates.length ? rates.at(-1).toFixed(3) : "none yet"}; the closed form is ${shared.toFixed(3)}.`;
  const { node, plot, x, y } = chart({
    label, xLabel: "draws", yLabel: "agreement", xRange: [1, last], yRange: [0, 1],
    xTicks: [1, Math.round(last / 2), last], yTicks: [0, 0.5, 1],
  });
  plot.append(
    shape("line", { class: "apd-exact", x1: x(1), x2: x(last), y1: y(shared), y2: y(shared) }),
    polyline(rates.map((rate, i) => [x(i + 1), y(rate)]), { class: "apd-measured" }),
  );
  if (rates.length === 1) plot.append(shape("circle", { class: "apd-dot", cx: x(1), cy: y(rates[0]), r: 3 }));
  return node;
}

const COUPLING_FIGURES = [
  ["drawn", "draws"], ["rate", "agreed so far"], ["shared", "closed form, shared noise"],
  ["independent", "independent noise"], ["maximal", "best possible, 1 − TV"],
];

export default {
  render({ model, el }) {
    const words = model.get("words");
    const root = explorerRoot(el, "Coupling explorer");
    const names = ["draft_weights", "verifier_weights", "mixture_weight", "seed", "draws"];
    const state = connect(model, names, () => update());
    const draw = (count) => state.set({ draws: Math.min(MAX_DRAWS, model.get("draws") + count) });

    const weights = weightTable(words, state.set, model);
    const mixing = slider({
      label: "mixture weight R", min: 0, max: 1, step: 0.05, name: "mixture_weight",
      format: (value) => Number(value).toFixed(2),
      onchange: (value) => state.set({ mixture_weight: value }),
    });
    const seed = integerField({ label: "seed", name: "seed", onchange: (value) => state.set({ seed: value }) });
    const buttons = element("div", { class: "apd-buttons" },
      button("Draw once", () => draw(1), { "data-name": "draw-one" }),
      button("Draw 100", () => draw(100), { "data-name": "draw-many" }),
      button("Start over", () => state.set({ draws: 0 }), { "data-name": "reset" }));
    const verdict = spoken("verdict");
    const readouts = figures(COUPLING_FIGURES);
    const table = element("div", { class: "apd-scroll", tabindex: 0, role: "group", "aria-label": "Laws, noise and scores" });
    const curve = element("div");
    root.append(weights.node, mixing.node,
      element("div", { class: "apd-row" }, seed.node, buttons),
      verdict.node, table, element("div", { class: "apd-columns" }, curve, readouts.node));

    function update() {
      const get = (name) => model.get(name);
      for (const name of ["draft_weights", "verifier_weights"]) {
        weights.cells[name].forEach((control, v) => control.set(get(name)[v]));
      }
      mixing.set(get("mixture_weight"));
      seed.set(get("seed"));
      const results = couplingResults({
        draftWeights: get("draft_weights"), verifierWeights: get("verifier_weights"),
        mixtureWeight: get("mixture_weight"), seed: get("seed"), draws: get("draws"),
      });
      if (results.target === null) {
        verdict.set("No token has weight under both laws: the mixture does not exist. Raise a weight.");
        table.replaceChildren();
        curve.replaceChildren();
        for (const [name] of COUPLING_FIGURES) readouts.set(name, "–", "");
        return;
      }
      const { last, rates } = results;
      verdict.set(last === null ? "Nothing drawn yet." :
        `Draw ${rates.length}: the draft is ${words[last.draftToken]}, the target is ` +
        `${words[last.targetToken]}; they ${last.draftToken === last.targetToken ? "agree" : "differ"}.`);
      table.replaceChildren(scoreTable(words, results));
      curve.replaceChildren(rateChart(results));
      const rate = rates.length ? rates.at(-1) : null;
      const error = rate === null ? 0 : Math.sqrt((rate * (1 - rate)) / rates.length);
      readouts.set("drawn", String(rates.length));
      readouts.set("rate", rate === null ? "–" : `${rate.toFixed(3)} ± ${error.toFixed(3)}`, rate ?? "");
      for (const name of ["shared", "independent", "maximal"]) {
        readouts.set(name, results[name].toFixed(3), results[name]);
      }
    }

    update();
    return state.disconnect;
  },
};
