// A race of decoders over one prompt. Each runs alone, so that none slows another down; then all
// are shown side by side at the speed at which they ran.
import { element } from "../dom.js";
import { decodedView, totals } from "./decode-view.js";

export const LANES = [
  { name: "APD", decoder: "apd", settings: {} },
  { name: "left to right, K = 1", decoder: "left_to_right", settings: { tokensPerStep: 1 } },
  { name: "autoregressive", decoder: "autoregressive", settings: {} },
];

const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export function raceView() {
  const lanes = LANES.map(({ name, decoder }) => {
    const text = element("div");
    const clock = element("p", { class: "apd-clock", "data-name": `clock-${decoder}` }, "waiting");
    return { node: element("section", { "aria-label": name }, element("h4", {}, name), clock, text), text, clock };
  });
  const node = element("div", { class: "apd-race", "data-name": "race", hidden: true }, ...lanes.map((lane) => lane.node));
  let playing = 0;

  function showLane({ text, clock }, decode, seconds) {
    const count = decode.iterations.filter((iteration) => iteration.seconds <= seconds).length;
    const done = totals(decode, count);
    text.replaceChildren(decodedView(decode, count));
    const elapsed = count === decode.iterations.length ? done.seconds : seconds;
    clock.textContent = `${elapsed.toFixed(2)} s · ${done.passes} passes · ${done.tokens} tokens`;
  }

  // Play the finished decodes together; resolves when the slowest is through.
  function play(decodes) {
    const run = (playing += 1);
    const longest = Math.max(...decodes.map(({ iterations }) => iterations.at(-1)?.seconds ?? 0));
    const showAll = (seconds) => lanes.forEach((lane, i) => showLane(lane, decodes[i], seconds));
    if (still()) { showAll(longest); return Promise.resolve(); }
    return new Promise((resolve) => {
      let first = null;
      const frame = (now) => {
        if (run !== playing) { resolve(); return; }
        first ??= now;
        const seconds = (now - first) / 1000;
        showAll(Math.min(seconds, longest));
        if (seconds < longest) requestAnimationFrame(frame);
        else resolve();
      };
      requestAnimationFrame(frame);
    });
  }

  const wait = (index, words) => { node.hidden = false; lanes[index].clock.textContent = words; };
  const clear = () => { playing += 1; for (const { text } of lanes) text.replaceChildren(); };
  return { node, play, wait, clear };
}
