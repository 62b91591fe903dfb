// Where the dLLM means to end, and how long its answers get, for each lookahead M.
// State: recording, lookahead, fraction (indices).
import { chart, connect, element, explorerRoot, figures, shape, slider, spoken } from "./dom.js";

const average = (values) => values.reduce((total, value) => total + value, 0) / values.length;
const shownLookahead = (value) => (value === null ? "all" : String(value));

// Mean number of tokens and its standard error.
export function lengthStatistics(lengths) {
  const mean = average(lengths);
  const variance = lengths.reduce((total, n) => total + (n - mean) ** 2, 0) / Math.max(1, lengths.length - 1);
  return { mean, error: Math.sqrt(variance / lengths.length) };
}

function profileChart(profile, lookahead) {
  const measured = profile.filter((value) => value !== null);
  const last = Math.max(4, measured.length);
  const { node, plot, x, y } = chart({
    label: `Probability of an end token at each of ${measured.length} masked positions: at the first ` +
      `${measured[0].toFixed(3)}, at the last ${measured.at(-1).toFixed(3)}.`,
    xLabel: "positions ahead of the frontier", yLabel: "P(end token)", xRange: [0.5, last + 0.5],
    yRange: [0, 1], xTicks: [1, Math.ceil(last / 2), last], yTicks: [0, 0.5, 1],
  });
  measured.forEach((value, i) => plot.append(shape("rect", {
    class: "apd-bar apd-current", x: x(i + 0.55), width: Math.max(0.8, x(1.45) - x(0.55)), y: y(value),
    height: Math.max(0.5, y(0) - y(value)),
  })));
  node.setAttribute("data-lookahead", shownLookahead(lookahead));
  return node;
}

function lengthChart(statistics, lookaheads, chosen) {
  const top = Math.max(10, Math.ceil(Math.max(...statistics.map(({ mean, error }) => mean + error)) / 10) * 10);
  const { node, plot, x, y } = chart({
    label: "Mean length of the answer for each M: " + lookaheads.map((m, i) =>
      `${shownLookahead(m)}: ${statistics[i].mean.toFixed(0)}`).join(", ") + " tokens.",
    xLabel: "maximum lookahead M", yLabel: "tokens", xRange: [-0.4, lookaheads.length - 0.6],
    yRange: [0, top], xTicks: [], yTicks: [0, top / 2, top],
  });
  lookaheads.forEach((m, i) => node.append(
    shape("text", { x: x(i), y: y(0) + 15, "text-anchor": "middle" }, shownLookahead(m))));
  plot.append(shape("polyline", {
    class: "apd-measured", points: statistics.map(({ mean }, i) => `${x(i)},${y(mean)}`).join(" "),
  }));
  statistics.forEach(({ mean, error }, i) => plot.append(
    shape("line", { class: "apd-measured", x1: x(i), x2: x(i), y1: y(mean - error), y2: y(mean + error) }),
    shape("circle", { class: i === chosen ? "apd-dot apd-current" : "apd-dot", cx: x(i), cy: y(mean), r: i === chosen ? 7 : 3.5 })));
  return node;
}

export default {
  render({ model, el }) {
    const { lookaheads, fractions, profiles, lengths, answers, question, kind } = model.get("recording");
    const root = explorerRoot(el, "Lookahead explorer");
    const state = connect(model, ["lookahead", "fraction"], () => update());
    const statistics = lengths.map(lengthStatistics);

    const lookahead = slider({
      label: "maximum lookahead M", min: 0, max: lookaheads.length - 1, step: 1, name: "lookahead",
      format: (value) => shownLookahead(lookaheads[value]),
      onchange: (value) => state.set({ lookahead: value }),
    });
    const fraction = slider({
      label: "answer decoded so far", min: 0, max: fractions.length - 1, step: 1, name: "fraction",
      format: (value) => `${100 * fractions[value]} %`,
      onchange: (value) => state.set({ fraction: value }),
    });
    const verdict = spoken("verdict");
    const charts = element("div", { class: "apd-columns" });
    const answer = element("pre", { class: "apd-decode", tabindex: 0, role: "group", "aria-label": "Answer with this M", "data-name": "answer" });
    const readouts = figures([
      ["first", "P(end) at the frontier"], ["largest", "largest P(end)"], ["length", "mean answer"],
    ]);
    root.append(lookahead.node, fraction.node, verdict.node, charts, readouts.node,
      element("p", { class: "apd-note" }, `The answer with this M to the first of ${lengths[0].length} ${kind}: ${question}`),
      answer);

    function update() {
      const [m, f] = [model.get("lookahead"), model.get("fraction")];
      lookahead.set(m);
      fraction.set(f);
      const profile = profiles[m][f];
      const measured = profile.filter((value) => value !== null);
      const { mean, error } = statistics[m];
      charts.replaceChildren(profileChart(profile, lookaheads[m]), lengthChart(statistics, lookaheads, m));
      answer.textContent = answers[m];
      verdict.set(`With ${lookaheads[m] === null ? "the whole suffix" : `${lookaheads[m]} masked ` +
        `${lookaheads[m] === 1 ? "position" : "positions"}`} in sight, answers take ${mean.toFixed(1)} tokens on average.`);
      readouts.set("first", measured[0].toFixed(3), measured[0]);
      readouts.set("largest", Math.max(...measured).toFixed(3), Math.max(...measured));
      readouts.set("length", `${mean.toFixed(1)} ± ${error.toFixed(1)} tokens`, mean);
    }

    update();
    return state.disconnect;
  },
};
