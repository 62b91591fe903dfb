// A decode as it grows: the text coloured by iteration, tokens per iteration, figures.
import { chart, element, figures, shape } from "../dom.js";

const HUES = 6; // colours of iterations before they repeat, as in apd.display

// Stretches of text in order; positions between them that are still masked show as dots.
function stretches(decode, count) {
  const shown = decode.iterations.slice(0, count)
    .flatMap(({ runs, index }) => runs.map((run) => ({ ...run, index })))
    .filter(({ start }) => decode.end === undefined || start <= decode.end)
    .sort((a, b) => a.start - b.start);
  const parts = [];
  let next = decode.promptLength;
  for (const run of shown) {
    if (run.start > next) parts.push({ masked: run.start - next });
    parts.push(run);
    next = run.start + run.count;
  }
  return parts;
}

// The decoded text after `count` iterations.
export function decodedView(decode, count) {
  const parts = stretches(decode, count).map((part) => part.masked
    ? element("span", { class: "apd-masked", "aria-label": `${part.masked} masked tokens` }, "·".repeat(part.masked))
    : element("span", {
      class: part.index === count - 1 ? "apd-current" : null,
      style: `color: var(--apd-colour-${part.index % HUES}, currentcolor)`,
      title: `iteration ${part.index + 1}`,
    }, part.text));
  return element("pre", {
    class: "apd-decode", role: "group", "data-name": "decoded", tabindex: 0,
    "data-tokens": decode.tokens?.join(" "),
    "aria-label": `Decoded text after ${count} iterations`,
  }, ...parts);
}

const keptIn = ({ accepted, positions }, end) =>
  end === undefined ? accepted.length : positions.filter((position) => position <= end).length;

// Totals after `count` iterations; tokens behind the end of the text do not count.
export function totals(decode, count) {
  const done = decode.iterations.slice(0, count);
  const tokens = done.reduce((total, iteration) => total + keptIn(iteration, decode.end), 0);
  const { seconds, passes } = done.at(-1) ?? { seconds: 0, passes: 0 };
  return { tokens, iterations: count, seconds, passes };
}

export function decodeFigures() {
  const view = figures([
    ["tokens", "tokens"], ["iterations", "iterations"], ["rate", "tokens per iteration"],
    ["passes", "model passes"], ["time", "time"], ["speed", "tokens per second"],
  ]);
  const show = ({ tokens, iterations, seconds, passes }) => {
    const speed = seconds ? tokens / seconds : null;
    const rate = iterations ? tokens / iterations : null;
    view.set("tokens", String(tokens));
    view.set("iterations", String(iterations));
    view.set("rate", rate === null ? "–" : rate.toFixed(2), rate ?? "");
    view.set("passes", String(passes));
    view.set("time", `${(1000 * seconds).toFixed(0)} ms`, seconds);
    view.set("speed", speed === null ? "–" : speed.toFixed(0), speed ?? "");
  };
  return { node: view.node, show };
}

// Tokens that each iteration kept, one bar an iteration.
export function iterationBars(decode, count) {
  const kept = decode.iterations.map((iteration) => keptIn(iteration, decode.end));
  const most = Math.max(2, ...kept);
  const { node, plot, x, y } = chart({
    label: `Tokens kept by each of ${kept.length} iterations: ${kept.join(", ")}.`,
    xLabel: "iteration", yLabel: "tokens kept", xRange: [0.5, Math.max(kept.length, 8) + 0.5],
    yRange: [0, most], xTicks: [1, Math.max(kept.length, 8)], yTicks: [0, most], width: 460, height: 140,
  });
  kept.forEach((tokens, i) => plot.append(shape("rect", {
    class: i === count - 1 ? "apd-bar apd-current" : "apd-bar",
    x: x(i + 0.55), width: Math.max(1, x(1.45) - x(0.55)), y: y(tokens), height: Math.max(0.5, y(0) - y(tokens)),
  })));
  return node;
}
