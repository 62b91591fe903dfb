// The pair decodes in the page: prompt, settings, the decode as it grows, a race, a link to it all.
// State: system, prompt, decoder, settings; text, tokens of the last decode; problems, knows, worker;
// foremost: settings in sight, none for the usual ones; autostart: whether to decode at once.
import { button, choice, connect, element, explorerRoot, slider, spoken } from "./dom.js";
import { draftCards, positionDetail, visible } from "./draft-cards.js";
import { DecodingClient } from "./live/client.js";
import { comparison } from "./live/compare.js";
import { decodedView, decodeFigures, iterationBars, totals } from "./live/decode-view.js";
import { LANES, raceView } from "./live/race.js";
import { DECODERS, linkFragment, readFragment, settingControls } from "./live/settings.js";

const megabytes = (bytes) => `${Math.max(1, Math.round(bytes / 1e6))} MB`;

// What happened in an iteration, in a sentence.
function sentence(iteration, names) {
  const { index, draft, target, accepted, drafted } = iteration;
  const counts = `Iteration ${index + 1}: ${drafted} drafted, ${accepted} accepted`;
  const differs = target?.findIndex((token, i) => token !== draft[i]);
  if (target === null || differs < 0) return `${counts}.`;
  return `${counts}; first disagreement at token ${iteration.start + differs + 1}: draft ` +
    `${visible(names[draft[differs]])}, target ${visible(names[target[differs]])}.`;
}

export default {
  render({ model, el }) {
    const root = explorerRoot(el, "Live decoder");
    const state = connect(model, ["system", "prompt", "decoder", "settings"], () => showState());
    const client = new DecodingClient(model, model.get("worker"));
    let decode = null; // the decode shown
    let last = null; // the last finished one, with what it was asked
    let busy = false;

    const problems = model.get("problems");
    const problem = choice({
      label: "problem", name: "problem", options: [[-1, "your own"], ...problems.map(({ name }, i) => [i, name])],
      onchange: (index) => { if (index >= 0) state.set({ prompt: problems[index].text, system: problems[index].system }); },
    });
    const promptId = `apd-prompt-${Math.random().toString(36).slice(2)}`;
    const prompt = element("textarea", {
      id: promptId, rows: 5, maxlength: 4000, "data-name": "prompt",
      onkeydown: (event) => event.stopPropagation(),
      oninput: () => state.set({ prompt: prompt.value }),
    });
    const decoderChoice = choice({
      label: "decoder", name: "decoder", options: DECODERS.map(([, name], i) => [i, name]),
      onchange: (index) => state.set({ decoder: DECODERS[index][0] }),
    });
    const controls = settingControls((change) => state.set({ settings: { ...model.get("settings"), ...change } }), model.get("foremost"));
    const loadButton = button("Load the models", () => attempt(load), { "data-name": "load" });
    const decodeButton = button("Decode", () => attempt(run), { "data-name": "decode" });
    const stopButton = button("Stop", () => client.stop(), { "data-name": "stop" });
    const raceButton = button("Race", () => attempt(race), { "data-name": "race-start" });
    const linkButton = button("Copy link", () => attempt(copyLink), { "data-name": "link" });
    const progress = element("progress", { max: 1, value: 0, "aria-label": "Loading", "data-name": "progress", hidden: true });
    const status = spoken("status");
    const compared = spoken("compared");
    const pieces = element("p", { class: "apd-pieces", "data-name": "pieces" });
    const piecesBox = element("details", { hidden: true }, element("summary", {}, "How the models read the problem"), pieces);
    const decoded = element("div");
    const scrub = slider({ label: "iteration", name: "iteration", min: 1, max: 1, step: 1, onchange: (value) => showDecode(value) });
    const cards = element("div");
    const detail = element("div", { class: "apd-detail", "data-name": "detail" });
    const readouts = decodeFigures();
    const bars = element("div");
    const outcome = element("div", { hidden: true }, decoded, readouts.node, bars, scrub.node, cards, detail);
    const lanes = raceView();
    root.append(
      element("div", { class: "apd-row" }, problem.node),
      element("label", { for: promptId }, "what the models are asked"), prompt,
      element("p", { class: "apd-note" }, model.get("knows")),
      element("div", { class: "apd-row" }, decoderChoice.node), ...controls.basic,
      element("details", {}, element("summary", {}, "More settings"), ...controls.more),
      element("div", { class: "apd-buttons" }, loadButton, decodeButton, stopButton, raceButton, linkButton),
      progress, status.node, compared.node, piecesBox, outcome, lanes.node);

    // Run what a button asks for; what goes wrong is said, and the buttons work again.
    async function attempt(action) {
      busy = true;
      showButtons();
      try {
        await action();
      } catch (error) {
        status.set(error.message);
      }
      busy = false;
      progress.hidden = true;
      showButtons();
    }

    async function load(decoders = [model.get("decoder")]) {
      if (!client.manifest) await client.describe();
      const { bytes } = client.missing(decoders);
      if (bytes === 0) return;
      progress.hidden = false;
      status.set(`Loading ${megabytes(bytes)} …`);
      await client.load(decoders, (share) => {
        progress.value = share;
        if (share > 0.999) status.set("Starting the models …");
      });
      progress.hidden = true;
      status.set("The models are loaded.");
    }

    const asked = () => ({ prompt: model.get("prompt"), system: model.get("system") });

    // One decode; each iteration is handed to `onchange` as it is finished.
    async function decodeWith(decoder, changes, onchange) {
      const settings = { ...model.get("settings"), ...changes };
      const growing = { iterations: [], names: {}, promptLength: 0, own: [] };
      const outcomeOf = await client.decode({ decoder, ...asked(), config: settings }, {
        onstart: (started) => Object.assign(growing, started),
        oniteration: ({ names, stop, ...iteration }) => {
          Object.assign(growing.names, names);
          growing.iterations.push({ ...iteration, drafted: Math.max(iteration.draft.length, iteration.target ? stop - iteration.start : 0) });
          onchange(growing);
        },
      });
      if (outcomeOf.finished) growing.end = growing.promptLength + outcomeOf.tokens.length - 1;
      return Object.assign(growing, outcomeOf);
    }

    async function run() {
      await load();
      lanes.node.hidden = true;
      lanes.clear();
      status.set("Decoding …");
      compared.set("");
      const now = { ...asked(), decoder: model.get("decoder"), settings: model.get("settings") };
      decode = await decodeWith(model.get("decoder"), {}, (growing) => {
        decode = growing;
        showDecode(growing.iterations.length);
      });
      state.set({ text: decode.text, tokens: decode.tokens });
      showDecode(decode.iterations.length);
      const { tokens, iterations, seconds } = totals(decode, decode.iterations.length);
      const ending = decode.stopped ? "Stopped" : decode.finished ? "Done" : "The answer's length is used up";
      status.set(`${ending}: ${tokens} tokens in ${iterations} iterations, ${seconds.toFixed(2)} s.`);
      if (decode.stopped) return;
      compared.set(comparison(last, { ...now, decode }));
      last = { ...now, decode };
    }

    async function race() {
      await load(LANES.map(({ decoder }) => decoder));
      outcome.hidden = piecesBox.hidden = true;
      compared.set("");
      lanes.clear();
      const decodes = [];
      for (const [i, { name, decoder, settings }] of LANES.entries()) {
        lanes.wait(i, "running alone …");
        status.set(`${name} runs …`);
        decodes.push(await decodeWith(decoder, settings, () => {}));
        lanes.wait(i, "ready");
        if (decodes.at(-1).stopped) break;
      }
      if (decodes.length < LANES.length || decodes.at(-1).stopped) { status.set("The race was stopped."); return; }
      status.set("All side by side, at the speed at which they ran.");
      await lanes.play(decodes);
      status.set(LANES.map(({ name }, i) => {
        const { tokens, seconds, passes } = totals(decodes[i], decodes[i].iterations.length);
        return `${name}: ${tokens} tokens in ${seconds.toFixed(2)} s and ${passes} passes`;
      }).join("; ") + ".");
    }

    async function copyLink() {
      const fragment = linkFragment({ ...asked(), decoder: model.get("decoder"), settings: model.get("settings") });
      history.replaceState(null, "", fragment);
      try {
        await navigator.clipboard.writeText(location.href);
        status.set("The link is copied; it is in the address bar too.");
      } catch {
        status.set("The link is in the address bar.");
      }
    }

    function showButtons() {
      const loaded = client.manifest && client.missing([model.get("decoder")]).bytes === 0;
      loadButton.hidden = Boolean(loaded);
      loadButton.disabled = decodeButton.disabled = raceButton.disabled = busy;
      stopButton.disabled = !busy;
      if (!client.manifest) return;
      loadButton.textContent = `Load the models, ${megabytes(client.missing([model.get("decoder")]).bytes)}`;
      const race = client.missing(LANES.map(({ decoder }) => decoder)).bytes;
      raceButton.textContent = race ? `Race (loads ${megabytes(race)})` : "Race";
      decodeButton.hidden = !loaded;
    }

    function showPieces() {
      piecesBox.hidden = false;
      pieces.replaceChildren(...decode.own.map((piece) => element("span", { class: "apd-piece" }, visible(piece))));
    }

    function showDecode(count) {
      outcome.hidden = false;
      showPieces();
      scrub.input.max = decode.iterations.length;
      scrub.set(count);
      decoded.replaceChildren(decodedView(decode, count));
      readouts.show(totals(decode, count));
      bars.replaceChildren(iterationBars(decode, count));
      if (count === 0) return;
      const iteration = { ...decode.iterations[count - 1] };
      iteration.accepted = iteration.accepted.length;
      if (iteration.target !== null) iteration.positions = null; // the draft's are consecutive
      if (!busy) status.set(sentence(iteration, decode.names));
      const show = (offset) => detail.replaceChildren(...positionDetail({ iteration, offset, vocabulary: decode.names }));
      cards.replaceChildren(...draftCards(iteration, decode.names, show).filter((part) => part !== null));
      show(Math.min(iteration.accepted, iteration.draft.length - 1));
    }

    function showState() {
      const [text, decoder] = [model.get("prompt"), model.get("decoder")];
      if (prompt.value !== text) prompt.value = text;
      problem.set(problems.findIndex((each) => each.text === text));
      decoderChoice.set(DECODERS.findIndex(([name]) => name === decoder));
      controls.show(decoder, model.get("settings"));
      showButtons();
    }

    // A link names prompt and settings; it is followed when the page opens and when it changes.
    function followLink() {
      const linked = readFragment(location.hash);
      if (!linked) return;
      state.set({ ...linked, settings: { ...model.get("settings"), ...linked.settings } });
      root.scrollIntoView();
    }
    window.addEventListener("hashchange", followLink);
    followLink();
    showState();
    if (model.get("autostart")) attempt(run);
    else client.describe().then(showButtons, (error) => status.set(error.message));
    return () => {
      window.removeEventListener("hashchange", followLink);
      client.close();
      state.disconnect();
    };
  },
};
