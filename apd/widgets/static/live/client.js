// The page's side of the worker: load what a decoder needs, decode, stop.
import { fetchDownloads, fetchPart, partSource } from "./downloads.js";
import { downloadBytes } from "./models-needed.js";
import { unpack } from "./unpack.js";

export class DecodingClient {
  // model: the widget's; workerSource: text of the worker's script.
  constructor(model, workerSource) {
    this.workerSource = workerSource;
    this.source = partSource(model);
    this.loaded = new Set();
    this.worker = null;
    this.requests = new Map(); // what the worker was asked and has not done, by id
    this.lastId = 0;
  }

  async describe() {
    this.manifest = await fetchPart(this.source, "manifest.js");
  }

  // Downloads that decoders still need, and their size in bytes.
  missing(decoders) {
    return downloadBytes(this.manifest, decoders, this.loaded);
  }

  // Load what decoders need; `onprogress` is told the share that has arrived.
  async load(decoders, onprogress) {
    const { names, bytes } = this.missing(decoders);
    if (names.length === 0) return;
    let arrived = 0;
    const files = await fetchDownloads(this.source, this.manifest.downloads, names, (more) => {
      arrived += more;
      onprogress(arrived / bytes);
    });
    if (this.worker === null) await this.#start(files);
    else await this.#ask({ kind: "add", files });
    for (const name of names) this.loaded.add(name);
    for (const decoder of decoders) await this.#ask({ kind: "prepare", decoder });
  }

  // Decode; onstart and oniteration are told of it. Resolves to the outcome.
  decode(request, handlers) {
    return this.#ask({ kind: "decode", ...request }, handlers);
  }

  stop() {
    this.worker?.postMessage({ kind: "stop" });
  }

  close() {
    this.worker?.terminate();
    this.worker = null;
    this.loaded.clear();
  }

  async #start({ "runtime.js": runtime, "tokenizers.js": tokenizers, ...files }) {
    const [runtimeScript, tokenizersScript] = await Promise.all([runtime, tokenizers].map(unpack));
    const script = new Blob([
      runtimeScript, "\nconst HuggingFace = (() => { const module = { exports: {} }, exports = module.exports;\n",
      tokenizersScript, "\nreturn module.exports; })();\n", this.workerSource,
    ], { type: "text/javascript" });
    this.worker = new Worker(URL.createObjectURL(script));
    this.worker.onmessage = ({ data }) => this.#receive(data);
    this.worker.onerror = (event) => this.#fail(event);
    await this.#ask({ kind: "open", manifest: this.manifest, files });
  }

  // Resolves when the worker has done what it is asked, to what it says of it.
  #ask(message, handlers = {}) {
    const id = (this.lastId += 1);
    return new Promise((resolve, reject) => {
      this.requests.set(id, { ...handlers, resolve, reject });
      this.worker.postMessage({ id, ...message });
    });
  }

  #receive({ kind, id, ...content }) {
    const handlers = this.requests.get(id);
    if (kind === "started") handlers.onstart(content);
    if (kind === "iteration") handlers.oniteration(content.iteration);
    if (kind === "done") { this.requests.delete(id); handlers.resolve(content); }
    if (kind === "failed") { this.requests.delete(id); handlers.reject(new Error(content.message)); }
  }

  // The worker itself broke: whatever is under way fails, and the next one starts it anew.
  #fail(event) {
    event.preventDefault?.();
    const reason = event.message || "it could not be started";
    for (const { reject } of this.requests.values()) reject(new Error(`The decoding worker failed: ${reason}.`));
    this.requests.clear();
    this.close();
  }
}
