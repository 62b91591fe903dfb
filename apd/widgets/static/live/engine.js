// The decoders by name, and one decode of a prompt from its settings.
import { adaptive } from "./adaptive.js";
import { autoregressive } from "./autoregressive.js";
import { Chat } from "./chat.js";
import { leftToRight } from "./left-to-right.js";
import { modelNames } from "./models-needed.js";
import { Model } from "./passes.js";
import { threshold } from "./threshold.js";

const DECODERS = { apd: adaptive, left_to_right: leftToRight, threshold, autoregressive };

// Yields each iteration, with the clock and the passes so far. Throws an Error in plain words.
export async function* decodePrompt(models, decoder, promptIds, config) {
  const length = promptIds.length + config.maxNewTokens;
  const used = Object.values(models);
  const longest = Math.min(...used.map((model) => model.longest));
  if (length > longest) {
    throw new Error(`The prompt has ${promptIds.length} tokens: with ${config.maxNewTokens} for the ` +
      `answer that is more than the ${longest} this page can hold. Shorten it.`);
  }
  for (const model of used) [model.passes, model.seconds] = [0, 0];
  let seconds = 0;
  let started = performance.now();
  for await (const iteration of DECODERS[decoder](models, promptIds, config)) {
    seconds += (performance.now() - started) / 1000; // what the caller does meanwhile does not count
    const passes = used.reduce((total, model) => total + model.passes, 0);
    yield { ...iteration, seconds, passes };
    started = performance.now();
  }
}

// Generated tokens so far: from the prompt on up to the first gap or the first end token.
export function generatedTokens(iterations, promptLength, endTokenIds) {
  const decoded = new Map(iterations.flatMap(({ positions, accepted }) =>
    positions.map((position, i) => [position, accepted[i]])));
  const tokens = [];
  for (let at = promptLength; decoded.has(at); at += 1) {
    tokens.push(decoded.get(at));
    if (endTokenIds.includes(decoded.get(at))) return { tokens, finished: true };
  }
  return { tokens, finished: false };
}

// Models, tokenizer and conversation from the exported files.
//   ort, Tokenizer: onnxruntime-web and the tokenizers of @huggingface/tokenizers
//   manifest: what apd.web.export wrote; read: the bytes of one of its files, by name
export async function openEngine({ ort, Tokenizer, manifest, read }) {
  const parse = async (name) => JSON.parse(new TextDecoder().decode(await read(name)));
  const vocabulary = await parse(manifest.tokenizer.file);
  const plain = new Tokenizer({ ...vocabulary, added_tokens: [] }, { clean_up_tokenization_spaces: false });
  const chat = new Chat(plain, manifest.conversation, manifest.control_tokens);
  const opened = new Map();
  const open = async (name) => {
    const description = manifest.models[name];
    if (!opened.has(description.file)) {
      const session = await ort.InferenceSession.create(
        await read(description.file), { executionProviders: ["wasm"] });
      opened.set(description.file, new Model(description, ort, session));
    }
    return opened.get(description.file);
  };
  // The models that a decoder uses, by the roles it knows them under.
  const modelsFor = async (decoder, baseline = manifest.baselines[0]) => Object.fromEntries(
    await Promise.all(modelNames(decoder, baseline).map(async ([role, name]) => [role, await open(name)])));
  return { chat, modelsFor };
}
