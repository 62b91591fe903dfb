// Left to right, K tokens from marginals per iteration, as apd.decoding.left_to_right.
import { blankCanvas, endsText, lookaheadStop, positionsFrom } from "./canvas.js";
import { IterationNoise } from "./noise.js";
import { forbiddenTokens, logSoftmax, nucleus, temperedLogits } from "./warpers.js";

export async function* leftToRight({ dllm }, promptIds, config) {
  const canvas = blankCanvas(promptIds, config.maxNewTokens, dllm.maskTokenId);
  const forbidden = forbiddenTokens(dllm);
  const window = dllm.window(config.kvWindow);

  let t = promptIds.length;
  let ended = false;
  for (let index = 0; t < canvas.length && !ended; index += 1) {
    const stop = lookaheadStop(config.maxLookahead, t, canvas.length);
    const k = Math.min(config.tokensPerStep, stop - t);
    const noise = new IterationNoise(config, index);
    const logits = await window.logits(canvas, t, stop);
    const marginals = logits.slice(0, k).map((row) =>
      logSoftmax(temperedLogits(row, config.temperature, forbidden)));
    const accepted = marginals.map((row, i) => noise.drawShared(nucleus(row, config.topP), t + i));
    canvas.splice(t, k, ...accepted);
    ended = endsText(dllm, accepted);
    yield {
      index, start: t, stop, draft: accepted, target: null, accepted,
      positions: positionsFrom(t, k), laws: marginals.map((marginal) => ({ marginal })),
    };
    t += k;
  }
}
