// One token per causal pass, the baseline of every speed-up, as apd.decoding.autoregressive.
import { blankCanvas, endsText } from "./canvas.js";
import { IterationNoise } from "./noise.js";
import { forbiddenTokens, logSoftmax, nucleus, temperedLogits } from "./warpers.js";

export async function* autoregressive({ model }, promptIds, config) {
  const tokens = blankCanvas(promptIds, config.maxNewTokens, 0);
  const forbidden = forbiddenTokens(model);
  const scorer = model.scorer();

  let ended = false;
  for (let t = promptIds.length; t < tokens.length && !ended; t += 1) {
    const index = t - promptIds.length;
    const [logits] = await scorer.logits(tokens, t, t + 1);
    const joint = logSoftmax(temperedLogits(logits, config.temperature, forbidden));
    const token = new IterationNoise(config, index).drawShared(nucleus(joint, config.topP), t);
    tokens[t] = token;
    ended = endsText(model, [token]);
    yield {
      index, start: t, stop: t + 1, draft: [token], target: null, accepted: [token],
      positions: [t], laws: [{ joint }],
    };
  }
}
