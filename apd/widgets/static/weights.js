// One slider of R that moves the text, the lengths of its steps and the accuracy together.
// State: recording, measured, prompt, weight (indices).
import { chart, choice, connect, element, explorerRoot, figures, polyline, shape, slider, spoken } from "./dom.js";

const HUES = 6; // colours of iterations before they repeat, as in apd.display

// Tokens, iterations and tokens per iteration of a decode.
export function decodeTotals({ iterations }) {
  const tokens = iterations.reduce((total, iteration) => total + iteration.tokens, 0);
  return { tokens, iterations: iterations.length, rate: tokens / iterations.length };
}

function stepsText({ iterations }) {
  const parts = iterations.map(({ text, tokens }, i) => element("span", {
    style: `color: var(--apd-colour-${i % HUES}, currentcolor)`,
    title: `iteration ${i + 1}, ${tokens} ${tokens === 1 ? "token" : "tokens"}`,
  }, text));
  return element("pre", {
    class: "apd-decode", role: "group", "data-name": "decoded", tabindex: 0, "aria-label": "Decoded text",
  }, ...parts);
}

function stepsChart({ iterations }, slots, most) {
  const lengths = iterations.map(({ tokens }) => tokens);
  const { node, plot, x, y } = chart({
    label: `Tokens kept by each of ${lengths.length} iterations: ${lengths.join(", ")}.`,
    xLabel: "iteration", yLabel: "tokens kept", xRange: [0.5, slots + 0.5], yRange: [0, most],
    xTicks: [1, slots], yTicks: [0, most], width: 460, height: 150,
  });
  lengths.forEach((tokens, i) => plot.append(shape("rect", {
    class: "apd-bar apd-current", x: x(i + 0.6), width: x(1.4) - x(0.6), y: y(tokens), height: Math.max(0.5, y(0) - y(tokens)),
  })));
  return node;
}

// Means with their errors over R; the chosen one is marked, a level is drawn across.
function averagesChart({ weights, values, chosen, label, top, level = null }) {
  const { node, plot, x, y } = chart({
    label: `${label} at each R: ${values.map(([mean], i) => `${weights[i]}: ${mean}`).join(", ")}.`,
    xLabel: "mixture weight R", yLabel: label, xRange: [0, 1], yRange: [0, top], xTicks: weights, yTicks: [0, top],
  });
  if (level !== null) plot.append(shape("line", { class: "apd-exact", x1: x(0), x2: x(1), y1: y(level), y2: y(level) }));
  plot.append(polyline(values.map(([mean], i) => [x(weights[i]), y(mean)]), { class: "apd-measured" }));
  values.forEach(([mean, error], i) => plot.append(
    shape("line", { class: "apd-measured", x1: x(weights[i]), x2: x(weights[i]), y1: y(mean - error), y2: y(mean + error) }),
    shape("circle", {
      class: i === chosen ? "apd-dot apd-current" : "apd-dot", cx: x(weights[i]), cy: y(mean), r: i === chosen ? 7 : 3.5,
    })));
  return node;
}

export default {
  render({ model, el }) {
    const { weights, prompts, decodes } = model.get("recording");
    const measured = model.get("measured");
    const root = explorerRoot(el, "Explorer of R");
    const state = connect(model, ["prompt", "weight"], () => update());

    const prompt = choice({
      label: "prompt", name: "prompt", options: prompts.map(({ name }, i) => [i, name]),
      onchange: (value) => state.set({ prompt: value }),
    });
    const weight = slider({
      label: "mixture weight R", min: 0, max: weights.length - 1, step: 1, name: "weight",
      format: (value) => String(weights[value]), onchange: (value) => state.set({ weight: value }),
    });
    const question = element("p", { class: "apd-prompt", "data-name": "question" });
    const verdict = spoken("verdict");
    const text = element("div");
    const steps = element("div", { class: "apd-short" });
    const averages = element("div", { class: "apd-columns" });
    const readouts = figures([
      ["rate", "tokens per iteration, this answer"], ["mean_rate", "tokens per iteration, all"], ["accuracy", "right answers, all"],
    ]);
    root.append(
      element("div", { class: "apd-row" }, prompt.node), question, weight.node, verdict.node, text, steps, readouts.node,
      element("p", { class: "apd-note" }, `Below: means over ${measured.problems} held-out word problems, with standard errors. ` +
        "Dashed: the same dLLM one token at a time."),
      averages);

    function update() {
      const [p, w] = [model.get("prompt"), model.get("weight")];
      prompt.set(p);
      weight.set(w);
      question.textContent = prompts[p].text;
      const decode = decodes[p][w];
      const { tokens, iterations, rate } = decodeTotals(decode);
      const lengths = decodes[p].map(({ iterations: all }) => all.length);
      const longest = Math.max(...decodes[p].flatMap(({ iterations: all }) => all.map((each) => each.tokens)));
      const [accuracy, rates] = [measured.accuracy, measured.tokens_per_iteration];
      verdict.set(`R = ${weights[w]}: ${tokens} tokens in ${iterations} iterations. ` +
        `${decode.right ? "✓ The answer is right." : "✗ The answer is wrong."}`);
      text.replaceChildren(stepsText(decode));
      steps.replaceChildren(stepsChart(decode, Math.max(...lengths), longest));
      readouts.set("rate", rate.toFixed(2), rate);
      readouts.set("mean_rate", `${rates[w][0].toFixed(2)} ± ${rates[w][1].toFixed(2)}`, rates[w][0]);
      readouts.set("accuracy", `${(100 * accuracy[w][0]).toFixed(0)} ± ${(100 * accuracy[w][1]).toFixed(0)} %`, accuracy[w][0]);
      averages.replaceChildren(
        averagesChart({ weights, values: rates, chosen: w, label: "tokens per iteration", top: Math.ceil(Math.max(...rates.map(([mean]) => mean))) }),
        averagesChart({ weights, values: accuracy, chosen: w, label: "right answers", top: 1, level: measured.one_by_one }));
    }

    update();
    return state.disconnect;
  },
};
