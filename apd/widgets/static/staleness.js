// A map of how stale keys and values are, by layer and by distance behind the frontier.
// State: recording, measure, origin, kv_window, layer, distance.
import { choice, connect, element, explorerRoot, figures, freshId, rovingFocus, slider, spoken } from "./dom.js";

const MEASURES = [
  ["key_step", "keys, change in the next step"],
  ["value_step", "values, change in the next step"],
  ["key_drift", "keys, change until the answer is complete"],
  ["value_drift", "values, change until the answer is complete"],
];
const ORIGINS = ["answer", "prompt"];
const percent = (value) => (value === null ? "not measured" : `${(100 * value).toFixed(1)} %`);
const mean = (values) => values.reduce((total, value) => total + value, 0) / values.length;

// Mean over layers and over the distances behind a window of W, or null if there are none.
export function stalenessBehind(table, kvWindow) {
  const values = table.flatMap((row) => row.slice(kvWindow)).filter((value) => value !== null);
  return values.length ? mean(values) : null;
}

function heatmap(table, distances, largest, select) {
  const cells = table.map((row, layer) => row.map((value, d) =>
    element("span", {
      class: "apd-cell", role: "gridcell", tabindex: -1, "data-layer": layer,
      "data-distance": distances[d], "data-value": value ?? "",
      style: `--apd-heat: ${value === null ? 0 : Math.round((100 * value) / largest)}%`,
      "aria-label": `layer ${layer}, distance ${distances[d]}: ${percent(value)}`,
      onclick: () => select(layer, distances[d]),
      onmouseenter: () => select(layer, distances[d]),
      onfocus: () => select(layer, distances[d]),
    })));
  const rows = cells.map((row, layer) =>
    element("div", { class: "apd-heat-row", role: "row" },
      element("span", { class: "apd-heat-label", role: "rowheader" }, `layer ${layer}`),
      ...row));
  const grid = element("div", {
    class: "apd-heat", role: "grid", "aria-label": "Staleness by layer and distance; move with the arrow keys",
    style: `--apd-columns: ${distances.length}`,
    onkeydown: (event) => rovingFocus(event, cells.flat(), distances.length),
  }, ...rows);
  return { grid, cells };
}

export default {
  render({ model, el }) {
    const recording = model.get("recording");
    const { distances } = recording;
    const root = explorerRoot(el, "KV staleness explorer");
    const state = connect(model, ["measure", "origin", "kv_window", "layer", "distance"], () => update());
    let map = null;
    let drawn = null;

    const measure = choice({
      label: "measure", name: "measure", options: MEASURES.map(([, text], i) => [i, text]),
      onchange: (value) => state.set({ measure: value }),
    });
    const origin = choice({
      label: "tokens of the", name: "origin", options: ORIGINS.map((text, i) => [i, text]),
      onchange: (value) => state.set({ origin: value }),
    });
    const kvWindow = slider({
      label: "window W", min: 1, max: distances.length, step: 1, name: "kv_window",
      onchange: (value) => state.set({ kv_window: value }),
    });
    const holder = element("div", { class: "apd-heat-holder" });
    const axis = element("div", { class: "apd-heat-axis", "aria-hidden": "true", id: freshId("axis") },
      element("span", {}, "distance 1"), element("span", {}, `distance ${distances.length}`));
    const legend = element("div", { class: "apd-heat-legend" });
    const verdict = spoken("verdict");
    const readouts = figures([
      ["cell", "cell"], ["row", "mean of its layer"], ["column", "mean at its distance"],
      ["behind", "mean behind the window"],
    ]);
    root.append(
      element("div", { class: "apd-row" }, measure.node, origin.node), kvWindow.node, holder, axis, legend, verdict.node, readouts.node);

    const select = (layer, distance) => {
      if (layer !== model.get("layer") || distance !== model.get("distance")) state.set({ layer, distance });
    };

    const tableOf = (index, from) => recording.origins[ORIGINS[from]][MEASURES[index][0]];

    // One scale for the tokens of both origins, so that they can be compared.
    function draw(index, from) {
      const table = tableOf(index, from);
      const both = ORIGINS.flatMap((_, each) => tableOf(index, each).flat());
      const largest = Math.max(...both.filter((value) => value !== null));
      map = heatmap(table, distances, largest, select);
      holder.replaceChildren(map.grid);
      legend.replaceChildren("0 %", element("span", { class: "apd-heat-scale", "aria-hidden": "true" }), percent(largest));
      drawn = `${index} ${from}`;
    }

    function update() {
      const [index, from, width] = [model.get("measure"), model.get("origin"), model.get("kv_window")];
      const [layer, distance] = [model.get("layer"), model.get("distance")];
      measure.set(index);
      origin.set(from);
      kvWindow.set(width);
      if (drawn !== `${index} ${from}`) draw(index, from);
      const table = tableOf(index, from);
      for (const cell of map.cells.flat()) {
        const here = Number(cell.dataset.layer) === layer && Number(cell.dataset.distance) === distance;
        cell.classList.toggle("apd-chosen", here);
        cell.classList.toggle("apd-edge", Number(cell.dataset.distance) === width);
        cell.tabIndex = here ? 0 : -1;
      }
      const value = table[layer][distance - 1];
      const column = table.map((row) => row[distance - 1]).filter((one) => one !== null);
      const row = table[layer].filter((one) => one !== null);
      const refreshed = distance <= width ? "inside the window, so it is computed anew" : "behind the window, so the old one is kept";
      verdict.set(`Layer ${layer}, tokens of the ${ORIGINS[from]} ${distance} behind the frontier: ${percent(value)}; ${refreshed}.`);
      readouts.set("cell", percent(value), value ?? "");
      readouts.set("row", row.length ? percent(mean(row)) : "not measured", row.length ? mean(row) : "");
      readouts.set("column", column.length ? percent(mean(column)) : "not measured", column.length ? mean(column) : "");
      const behind = stalenessBehind(table, width);
      readouts.set("behind", behind === null ? "nothing is behind it" : percent(behind), behind ?? "");
    }

    update();
    return state.disconnect;
  },
};
