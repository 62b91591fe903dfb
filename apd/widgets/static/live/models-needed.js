// [role, name in the manifest] of each model that a decoder needs.
export function modelNames(decoder, baseline) {
  if (decoder === "autoregressive") return [["model", baseline]];
  return decoder === "apd" ? [["dllm", "dllm"], ["verifier", "verifier"]] : [["dllm", "dllm"]];
}

const ALWAYS = ["runtime.js", "runtime.mjs", "runtime.wasm", "tokenizers.js"];

// Downloads that decoders need beside those that are loaded, and their size in bytes.
export function downloadBytes({ models, tokenizer, baselines, downloads }, decoders, loaded) {
  const files = decoders.flatMap((decoder) => modelNames(decoder, baselines[0]))
    .map(([, name]) => models[name].file);
  const needed = new Set([...ALWAYS, tokenizer.file, ...files]);
  const names = [...needed].filter((name) => !loaded.has(name));
  return { names, bytes: names.reduce((total, name) => total + downloads[name].bytes, 0) };
}
