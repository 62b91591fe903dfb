// Adaptive Parallel Decoding, Algorithm 1 of the paper, as apd.decoding.adaptive.
import { acceptedCount, coupleTarget } from "./acceptance.js";
import { blankCanvas, endsText, lookaheadStop, positionsFrom } from "./canvas.js";
import { VerificationPace } from "./chunks.js";
import { IterationNoise } from "./noise.js";
import { forbiddenTokens, mixtureLogits, nucleus, temperedLogits, logSoftmax } from "./warpers.js";

// Yields each finished iteration; the laws are those of the positions it looked at.
export async function* adaptive({ dllm, verifier }, promptIds, config) {
  const { temperature, topP, mixtureWeight } = config;
  const rule = temperature === 0 ? "greedy" : config.acceptance; // at T = 0 all rules are that one
  const canvas = blankCanvas(promptIds, config.maxNewTokens, dllm.maskTokenId);
  const forbidden = forbiddenTokens(dllm, verifier);
  const window = dllm.window(config.kvWindow);
  const scorer = verifier.scorer();
  const pace = new VerificationPace();

  let t = promptIds.length;
  let ended = false;
  for (let index = 0; t < canvas.length && !ended; index += 1) {
    const stop = lookaheadStop(config.maxLookahead, t, canvas.length);
    const noise = new IterationNoise(config, index);
    const drafted = canvas.slice();
    const draft = [];
    const target = [];
    const laws = [];
    const marginalLogits = await window.logits(canvas, t, stop);
    let a = 0;
    for (const [from, to] of pace.chunks(t, stop)) {
      // propose: x̂_i = argmax_v (log p_D + g)
      const logMarginals = [];
      const logDrafts = [];
      for (let i = from; i < to; i += 1) {
        const logMarginal = logSoftmax(temperedLogits(marginalLogits[i - t], temperature, forbidden));
        const logDraft = nucleus(logMarginal, topP);
        drafted[i] = noise.drawShared(logDraft, i);
        logMarginals.push(logMarginal);
        logDrafts.push(logDraft);
      }

      // verify: l_AR given the prefix and the draft before each position
      const jointLogits = await scorer.logits(drafted, from, to);

      for (let i = from; i < to; i += 1) {
        // mix: p_T = p_D^R · p̂_AR^(1-R) / Z
        const logMarginal = logMarginals[i - from];
        const logJoint = temperedLogits(jointLogits[i - from], temperature, forbidden);
        const logTarget = mixtureLogits(logMarginal, logJoint, mixtureWeight);

        // accept: the first token of the iteration, and on while draft and target agree
        const logDraft = logDrafts[i - from];
        draft.push(drafted[i]);
        target.push(coupleTarget({ rule, draft: drafted[i], logDraft, logTarget, noise, position: i }));
        laws.push({ marginal: logMarginal, target: logTarget, joint: logJoint });
      }
      const agreed = acceptedCount(draft.slice(from - t), target.slice(from - t), from === t);
      a += agreed;
      if (agreed < to - from) break;
    }

    // commit
    const accepted = drafted.slice(t, t + a);
    canvas.splice(t, a, ...accepted);
    ended = endsText(dllm, accepted);
    yield {
      index, start: t, stop, draft, target, accepted, positions: positionsFrom(t, a), laws,
    };
    pace.note(a);
    t += a;
  }
}
