// Recorded decodes of APD, iteration by iteration.
// State: recording, prompt, weight, window, lookahead (indices into the grid), iteration.
import { button, chart, choice, connect, element, explorerRoot, figures, polyline, shape, slider, spoken } from "./dom.js";
import { draftCards, positionDetail } from "./draft-cards.js";

const STEP_MS = 900;
const COLOURS = 6; // hues of iterations before they repeat, as in apd.display

const seconds = ({ times_s: times }) => times.reduce((total, part) => total + part, 0);
const limit = (value) => (value === null ? "all" : String(value));

// Running totals after the first `count` iterations.
export function stepperTotals(iterations, count) {
  const done = iterations.slice(0, count);
  const tokens = done.reduce((total, { tokens: kept }) => total + kept, 0);
  const elapsed = done.reduce((total, iteration) => total + seconds(iteration), 0);
  return { tokens, elapsed, rate: count ? tokens / count : null, speed: elapsed ? tokens / elapsed : null };
}

// Whether the finished answer is right, where the recording says so.
function outcomeOf({ right, iterations }, count) {
  if (right === undefined || count < iterations.length) return "";
  return right ? " ✓ The answer is right." : " ✗ The answer is wrong.";
}

function decodedText(iterations, count) {
  const parts = iterations.slice(0, count).map(({ text, tokens }, i) =>
    element("span", {
      class: i === count - 1 ? "apd-current" : null,
      style: `color: var(--apd-colour-${i % COLOURS}, currentcolor)`,
      title: `iteration ${i + 1}, ${tokens} ${tokens === 1 ? "token" : "tokens"}`,
    }, text));
  return element("pre", {
    class: "apd-decode", role: "group", "data-name": "decoded", tabindex: 0,
    "aria-label": `Decoded text after ${count} iterations`,
  }, ...parts);
}

function progressChart(iterations, count) {
  const rates = iterations.map((_, i) => stepperTotals(iterations, i + 1).rate);
  const top = Math.max(2, Math.ceil(Math.max(...rates)));
  const done = rates.slice(0, count);
  const { node, plot, x, y } = chart({
    label: `Tokens per iteration so far, after ${count} of ${rates.length} iterations: ` +
      `${count ? done.at(-1).toFixed(2) : "none yet"}.`,
    xLabel: "iterations", yLabel: "tokens/iteration", xRange: [1, Math.max(2, rates.length)],
    yRange: [0, top], xTicks: [1, rates.length], yTicks: [0, top],
  });
  plot.append(
    polyline(rates.map((rate, i) => [x(i + 1), y(rate)]), { class: "apd-ahead" }),
    polyline(done.map((rate, i) => [x(i + 1), y(rate)]), { class: "apd-measured" }));
  if (count) plot.append(shape("circle", { class: "apd-dot", cx: x(count), cy: y(done.at(-1)), r: 4 }));
  return node;
}

export default {
  render({ model, el }) {
    const recording = model.get("recording");
    const { vocabulary, grid, prompts } = recording;
    const root = explorerRoot(el, "APD stepper");
    const state = connect(model, ["prompt", "weight", "window", "lookahead", "iteration"], () => update());
    let timer = null;

    const decode = () => recording.decodes.find((d) => d.prompt === model.get("prompt") &&
      d.weight === model.get("weight") && d.window === model.get("window") &&
      d.lookahead === model.get("lookahead"));
    const pause = () => { clearInterval(timer); timer = null; showTimer(); };
    const go = (iteration) => {
      state.set({ iteration: Math.max(0, Math.min(decode().iterations.length, iteration)) });
    };
    const step = (by) => { pause(); go(model.get("iteration") + by); };
    const play = () => {
      if (timer !== null) { pause(); return; }
      if (model.get("iteration") >= decode().iterations.length) go(0);
      timer = setInterval(() => {
        go(model.get("iteration") + 1);
        if (model.get("iteration") >= decode().iterations.length) pause();
      }, STEP_MS);
      showTimer();
    };
    const choose = (name) => (value) => {
      pause();
      model.set(name, value);
      state.set({ iteration: Math.min(model.get("iteration"), decode().iterations.length) });
    };

    const pickers = {
      prompt: choice({ label: "prompt", name: "prompt", options: prompts.map(({ name }, i) => [i, name]), onchange: choose("prompt") }),
      weight: choice({ label: "R", name: "weight", options: grid.weight.map((v, i) => [i, String(v)]), onchange: choose("weight") }),
      window: choice({ label: "W", name: "window", options: grid.window.map((v, i) => [i, limit(v)]), onchange: choose("window") }),
      lookahead: choice({ label: "M", name: "lookahead", options: grid.lookahead.map((v, i) => [i, limit(v)]), onchange: choose("lookahead") }),
    };
    const playButton = button("Play", play, { "data-name": "play" });
    const back = button("Step back", () => step(-1), { "data-name": "back" });
    const forward = button("Step", () => step(1), { "data-name": "forward" });
    const scrub = slider({
      label: "iteration", min: 0, max: 1, step: 1, name: "iteration",
      onchange: (value) => { pause(); go(value); },
    });
    const promptText = element("p", { class: "apd-prompt", "data-name": "prompt-text" });
    const decoded = element("div");
    const verdict = spoken("verdict");
    const cards = element("div");
    const detail = element("div", { class: "apd-detail", "aria-live": "polite", "data-name": "detail" });
    const readouts = figures([
      ["tokens", "tokens"], ["rate", "tokens per iteration"], ["time", "time"], ["speed", "tokens per second"],
    ]);
    const curve = element("div");
    root.append(
      element("div", { class: "apd-row" }, ...Object.values(pickers).map(({ node }) => node)),
      promptText, element("div", { class: "apd-buttons" }, back, playButton, forward), scrub.node,
      decoded, verdict.node, cards, detail,
      element("div", { class: "apd-columns" }, curve, readouts.node));

    function showTimer() {
      playButton.textContent = timer === null ? "Play" : "Pause";
      // While it plays, one spoken sentence a step is enough.
      detail.setAttribute("aria-live", timer === null ? "polite" : "off");
    }

    function showIteration(iteration, number, held, outcome) {
      const { accepted, drafted } = iteration;
      verdict.set(`Iteration ${number}: ${drafted} drafted, ${accepted} accepted.${outcome}`);
      const show = (offset) =>
        detail.replaceChildren(...positionDetail({ iteration, offset, vocabulary }));
      cards.replaceChildren(...draftCards(iteration, vocabulary, show).filter((part) => part !== null));
      show(Math.min(held, iteration.draft.length - 1));
    }

    function update() {
      const chosen = decode();
      const { iterations } = chosen;
      const count = Math.min(model.get("iteration"), iterations.length);
      for (const [name, picker] of Object.entries(pickers)) picker.set(model.get(name));
      promptText.textContent = prompts[model.get("prompt")].text;
      scrub.input.max = iterations.length;
      scrub.set(count);
      back.disabled = count === 0;
      forward.disabled = count === iterations.length;
      decoded.replaceChildren(decodedText(iterations, count));
      if (count === 0) {
        verdict.set("Nothing decoded yet: press Step or Play.");
        cards.replaceChildren();
        detail.replaceChildren();
      } else {
        // The first position that was not accepted says why the iteration ended.
        const { accepted } = iterations[count - 1];
        showIteration(iterations[count - 1], count, accepted, outcomeOf(chosen, count));
      }
      const { tokens, elapsed, rate, speed } = stepperTotals(iterations, count);
      readouts.set("tokens", String(tokens));
      readouts.set("rate", rate === null ? "–" : rate.toFixed(2), rate ?? "");
      readouts.set("time", `${(1000 * elapsed).toFixed(0)} ms`, elapsed);
      readouts.set("speed", speed === null ? "–" : speed.toFixed(0), speed ?? "");
      curve.replaceChildren(progressChart(iterations, count));
    }

    update();
    return () => { pause(); state.disconnect(); };
  },
};
