// A decode as it was printed that becomes the live one on a click. Until then nothing but the list
// of downloads is loaded, and the page needs no widget manager.
import { fetchPart } from "./live/downloads.js";
import { downloadBytes } from "./live/models-needed.js";
import { standaloneModel } from "./standalone-model.js";

// Where the downloads are: Sphinx says on every page how the way to the book's root begins.
function findDownloads() {
  const { dataset } = document.documentElement;
  if (dataset.content_root === undefined) return false;
  dataset.apdLive ??= new URL(`${dataset.content_root}live/`, location.href).href;
  return true;
}

async function start(poster, { esm, css, state }) {
  const address = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
  const { default: explorer } = await import(address);
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
  poster.replaceChildren();
  explorer.render({ model: standaloneModel({ ...state, autostart: true }), el: poster });
  poster.querySelector("textarea")?.focus({ preventScroll: true });
}

async function prepare(poster) {
  if (!findDownloads()) return;
  const content = JSON.parse(poster.querySelector(".apd-poster-state").textContent);
  if (location.hash.startsWith("#decode?")) { await start(poster, content); return; }
  const folder = document.documentElement.dataset.apdLive;
  const manifest = await fetchPart(async (part) => folder + part, "manifest.js");
  const button = poster.querySelector("button");
  const { bytes } = downloadBytes(manifest, [content.state.decoder], new Set());
  button.textContent += `, ${Math.max(1, Math.round(bytes / 1e6))} MB`;
  button.hidden = false;
  button.addEventListener("click", () => start(poster, content));
}

for (const poster of document.querySelectorAll(".apd-poster")) prepare(poster).catch(() => {});
