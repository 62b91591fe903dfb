// The Web Worker that decodes, so that the page stays responsive. It runs behind onnxruntime-web
// (`ort`) and @huggingface/tokenizers (`HuggingFace`), which stand before it in the same script.
//   in:  {id, kind: "open", manifest, files}, {id, kind: "add", files}, {id, kind: "prepare", decoder},
//        {id, kind: "decode", decoder, system, prompt, config}, {kind: "stop"}
//   out: done for each, or failed with a message; of a decode first started, iteration ...
import { decodePrompt, generatedTokens, openEngine } from "./engine.js";
import { logSoftmax } from "./warpers.js";
import { unpack } from "./unpack.js";

const SHOWN = 5; // most likely tokens of a law
const files = new Map(); // parts of the downloads, by name
let engine = null;
let stopping = false;

const post = (kind, content) => self.postMessage({ kind, ...content });

// Lets messages in: passes of the runtime only take turns with microtasks.
const breathe = () => new Promise((resolve) => {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => { channel.port1.close(); resolve(); };
  channel.port2.postMessage(null);
});

async function open(manifest) {
  const script = await unpack(files.get("runtime.mjs"));
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = { mjs: URL.createObjectURL(new Blob([script], { type: "text/javascript" })) };
  ort.env.wasm.wasmBinary = (await unpack(files.get("runtime.wasm"))).buffer;
  const { Tokenizer } = HuggingFace;
  engine = await openEngine({ ort, Tokenizer, manifest, read: (name) => unpack(files.get(name)) });
}

async function decode({ id, decoder, system, prompt, config, baseline }) {
  const { chat } = engine;
  const { ids, own } = chat.encode({ system, user: prompt });
  const models = await engine.modelsFor(decoder, baseline);
  const [{ endTokenIds }] = Object.values(models);
  post("started", {
    id, promptLength: ids.length, own: ids.slice(...own).map((token) => chat.name(token)),
  });
  const iterations = [];
  for await (const iteration of decodePrompt(models, decoder, ids, config)) {
    const { laws, ...done } = iteration;
    iterations.push(done);
    post("iteration", { id, iteration: shown(iteration, chat, endTokenIds) });
    await breathe();
    if (stopping) break;
  }
  const { tokens, finished } = generatedTokens(iterations, ids.length, endTokenIds);
  return { tokens, finished, stopped: stopping, text: chat.decode(tokens) };
}

// An iteration as the page shows it: text, and the head of every law.
function shown({ laws, draft, target, accepted, positions, ...rest }, chat, endTokenIds) {
  const heads = laws.map(({ marginal, joint, target: mixed }) => [marginal, joint, mixed].map(head));
  const seen = new Set([...draft, ...(target ?? []), ...heads.flat(2).map((entry) => entry?.[0])]);
  seen.delete(undefined);
  return {
    ...rest, draft, target, accepted, positions, laws: heads, runs: runs(accepted, positions, chat, endTokenIds),
    names: Object.fromEntries([...seen].map((token) => [token, chat.name(token)])),
  };
}

// [token, probability] of the most likely tokens.
function head(row) {
  if (!row) return null;
  const logProbs = logSoftmax(row);
  return Array.from(logProbs.keys()).sort((a, b) => logProbs[b] - logProbs[a])
    .slice(0, SHOWN).map((token) => [token, Math.exp(logProbs[token])]);
}

// Accepted tokens as stretches of text without gaps; an end token closes one.
function runs(accepted, positions, chat, endTokenIds) {
  const stretches = [];
  accepted.forEach((token, i) => {
    const last = stretches.at(-1);
    const joins = last && !last.ends && last.start + last.tokens.length === positions[i];
    if (joins) last.tokens.push(token);
    else stretches.push({ start: positions[i], tokens: [token] });
    stretches.at(-1).ends = endTokenIds.includes(token);
  });
  return stretches.map(({ tokens, ...where }) => ({ ...where, count: tokens.length, text: chat.decode(tokens) }));
}

async function answer(message) {
  for (const [name, parts] of Object.entries(message.files ?? {})) files.set(name, parts);
  if (message.kind === "open") await open(message.manifest);
  if (message.kind === "prepare") await engine.modelsFor(message.decoder);
  post("done", { id: message.id, ...(message.kind === "decode" && await decode(message)) });
}

let turn = Promise.resolve(); // one thing after the other
self.onmessage = ({ data }) => {
  if (data.kind === "stop") { stopping = true; return; }
  turn = turn.then(() => { stopping = false; return answer(data); })
    .catch((error) => post("failed", { id: data.id, message: error?.message ?? String(error) }));
};
