// The acceptance rules: how the target is coupled to the draft, as apd.decoding.acceptance.
import { argmax, logSoftmax } from "./warpers.js";

// Target token of one position (line 5 of Algorithm 1); logDraft is the law that drafted.
export function coupleTarget({ rule, draft, logDraft, logTarget, noise, position }) {
  if (rule === "gumbel") return noise.drawShared(logTarget, position);
  if (rule === "greedy") return argmax(logTarget);
  if (rule === "independent") return noise.drawTarget(logTarget, position);
  const logP = logSoftmax(logDraft);
  const logQ = logSoftmax(logTarget);
  if (Math.log(noise.accept(position)) < logQ[draft] - logP[draft]) return draft;
  const residual = logQ.map((value, v) => Math.log(Math.max(0, Math.exp(value) - Math.exp(logP[v]))));
  return noise.drawTarget(residual, position);
}

// Length of the accepted prefix (line 6); the first token of an iteration is accepted always.
export function acceptedCount(draft, target, alwaysFirst) {
  const differ = draft.findIndex((token, i) => token !== target[i] && !(alwaysFirst && i === 0));
  return differ < 0 ? draft.length : differ;
}
