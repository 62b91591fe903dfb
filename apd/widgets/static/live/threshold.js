// Any order: fill every masked position whose confidence is above a threshold, at least one a step;
// apd.decoding.any_order with order "confidence" and a threshold. Decodes the whole canvas.
import { blankCanvas } from "./canvas.js";
import { IterationNoise } from "./noise.js";
import { forbiddenTokens, logSoftmax, nucleus, temperedLogits } from "./warpers.js";

export async function* threshold({ dllm }, promptIds, config) {
  const canvas = blankCanvas(promptIds, config.maxNewTokens, dllm.maskTokenId);
  const forbidden = forbiddenTokens(dllm);
  const block = config.blockLength ?? config.maxNewTokens;

  let index = 0;
  for (let start = promptIds.length; start < canvas.length; start += block) {
    let open = Array.from({ length: block }, (_, i) => start + i);
    while (open.length > 0) {
      const noise = new IterationNoise(config, index);
      const logits = await dllm.canvasLogits(canvas, start, start + block);
      const proposed = open.map((position) => {
        const raw = temperedLogits(logits[position - start], config.temperature, forbidden);
        const marginal = logSoftmax(nucleus(logSoftmax(raw), config.topP));
        const token = noise.drawShared(marginal, position);
        return { position, token, marginal, confidence: Math.exp(marginal[token]) };
      });
      const chosen = aboveThreshold(proposed, config.threshold);
      for (const { position, token } of chosen) canvas[position] = token;
      const accepted = chosen.map(({ token }) => token);
      yield {
        index, start: open[0], stop: start + block, draft: accepted, target: null, accepted,
        positions: chosen.map(({ position }) => position),
        laws: chosen.map(({ marginal }) => ({ marginal })),
      };
      open = open.filter((position) => !chosen.some((taken) => taken.position === position));
      index += 1;
    }
  }
}

// Those above, or the most certain one; ties go to the left.
function aboveThreshold(proposed, limit) {
  const above = proposed.filter(({ confidence }) => confidence > limit);
  if (above.length > 0) return above;
  return [proposed.reduce((best, other) => (other.confidence > best.confidence ? other : best))];
}
