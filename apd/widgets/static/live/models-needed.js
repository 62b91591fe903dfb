// [role, name in the manifest] of each model that a decoder needs.
export function modelNames(decoder, baseline) {
  if (decoder === "autoregressive") return [["model", baseline]];
  return decoder === "apd" ? [["dllm", "dllm"], ["verifier", "verifier"]] : [["dllm", "dllm"]];
}
