// Draft over target, position by position, with the laws behind them.
import { element, rovingFocus } from "./dom.js";

// White space that a reader has to see.
export const visible = (text) => text.replace(/ /g, "␣").replace(/\n/g, "⏎").replace(/\t/g, "⇥");

function lawList(name, entries, vocabulary) {
  const rows = entries.map(([token, probability]) =>
    element("tr", {}, element("th", { scope: "row" }, visible(vocabulary[token])),
      element("td", { "data-value": probability }, probability.toFixed(3)),
      element("td", { class: "apd-share" }, element("span", { style: `width: ${100 * probability}%` }))));
  return element("table", { class: "apd-law" }, element("caption", {}, name), element("tbody", {}, ...rows));
}

// What became of a drafted token. Decoders without a verifier draw only what they keep.
function fateOf({ draft, target, accepted }, offset) {
  if (target === null) return "accepted";
  const agree = draft[offset] === target[offset];
  if (offset < accepted) return offset === 0 && !agree ? "accepted, as the first always is" : "accepted";
  return isRejected({ draft, target, accepted }, offset) ? "rejected" : "not reached";
}

// Only the first disagreement rejects a token; what comes after the end of an iteration is not judged.
const isRejected = ({ draft, target, accepted }, offset) =>
  target !== null && offset === accepted && draft[offset] !== target[offset] &&
  draft.slice(0, accepted).every((token, i) => token === target[i]);

// What is known of one drafted position.
export function positionDetail({ iteration, offset, vocabulary }) {
  const { draft, target, laws } = iteration;
  const compared = target === null ? "" : `target ${visible(vocabulary[target[offset]])}; ` +
    `${draft[offset] === target[offset] ? "they agree" : "they differ"}; `;
  const heading = `Token ${placeOf(iteration, offset)}: draft ${visible(vocabulary[draft[offset]])}, ` +
    `${compared}${fateOf(iteration, offset)}.`;
  const [marginal, joint, mixed] = laws[offset];
  const tables = [
    ["p_D, the marginal (draft)", marginal], ["p_T, the mixture (target)", mixed],
    [target === null ? "p_AR, the model" : "p̂_AR, the verifier", joint],
  ];
  return [
    element("p", { class: "apd-spoken" }, heading),
    element("div", { class: "apd-laws" }, ...tables.filter(([, law]) => law)
      .map(([name, law]) => lawList(name, law, vocabulary))),
  ];
}

// Number of a drafted token in the text, the prompt's counted.
const placeOf = ({ start, positions }, offset) => (positions?.[offset] ?? start + offset) + 1;

// Draft over target, a card for each position; focus or the mouse shows the laws behind it.
export function draftCards(iteration, vocabulary, show) {
  const { draft, target, accepted, drafted } = iteration;
  const cards = draft.map((token, offset) => {
    const agree = target === null || token === target[offset];
    const kept = offset < accepted;
    const compared = target === null ? "" : `target ${visible(vocabulary[target[offset]])}, ` +
      `${agree ? "agree" : "differ"}, `;
    const label = `token ${placeOf(iteration, offset)}: draft ${visible(vocabulary[token])}, ` +
      `${compared}${fateOf(iteration, offset)}`;
    return element("li", {
      class: kept ? "apd-card apd-kept" : "apd-card", tabindex: offset === 0 ? 0 : -1,
      "aria-label": label, "data-offset": offset,
      onmouseenter: () => show(offset), onfocus: () => show(offset),
    },
    element("span", { class: "apd-draft" }, visible(vocabulary[token])),
    ...(target === null ? [] : [
      element("span", { class: agree ? "apd-agree" : "apd-differ", "aria-hidden": "true" }, agree ? "=" : "≠"),
      element("span", { class: "apd-target" }, visible(vocabulary[target[offset]])),
    ]),
    element("span", { class: "apd-fate", "aria-hidden": "true" }, kept ? "✓" : isRejected(iteration, offset) ? "✗" : "not reached"));
  });
  const list = element("ul", {
    class: "apd-cards", "aria-label": "Draft and target, position by position",
    onkeydown: (event) => rovingFocus(event, cards),
  }, ...cards);
  const hidden = drafted - draft.length;
  return [list, hidden > 0 ? element("p", { class: "apd-note" },
    `… and ${hidden} more drafted after them, not kept.`) : null];
}
