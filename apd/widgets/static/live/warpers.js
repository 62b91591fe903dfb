// From raw logits to the laws that tokens are drawn from, row by row, as apd.decoding.warpers and
// apd.mixture. A row is a Float64Array over the dLLM's vocabulary, in nats.

// Ids that are never sampled: any model forbids or lacks them. 1 where forbidden.
export function forbiddenTokens(...models) {
  const forbidden = new Uint8Array(models[0].vocabSize);
  for (const model of models) {
    for (const token of model.forbiddenTokenIds) if (token < forbidden.length) forbidden[token] = 1;
    forbidden.fill(1, Math.min(model.vocabSize, forbidden.length));
  }
  return forbidden;
}

// l / T without the forbidden ids; at T = 0 only the argmax matters, and T = 1 is used.
export function temperedLogits(logits, temperature, forbidden) {
  return Float64Array.from(forbidden, (never, v) =>
    never || v >= logits.length ? -Infinity : logits[v] / (temperature || 1));
}

export function logSoftmax(row) {
  const most = largest(row);
  let total = 0;
  for (const value of row) total += Math.exp(value - most);
  const logTotal = Math.log(total);
  return row.map((value) => value - most - logTotal);
}

export function largest(row) {
  let most = -Infinity;
  for (const value of row) if (value > most) most = value;
  return most;
}

// The first of the largest, as in torch.
export function argmax(row) {
  let best = 0;
  for (let v = 1; v < row.length; v += 1) if (row[v] > row[best]) best = v;
  return best;
}

// The smallest set of most likely tokens with mass >= topP, and whatever is as likely as its last.
export function nucleus(logProbs, topP) {
  if (topP >= 1) return logProbs;
  const least = leastLikelyKept(logProbs, topP);
  return logProbs.map((value) => (value < least ? -Infinity : value));
}

// Only tokens that can belong to the nucleus are sorted: all those less likely than (1 - topP) / V
// together have too little mass to matter.
function leastLikelyKept(logProbs, topP) {
  const most = largest(logProbs);
  if (Math.exp(most) >= topP) return most;
  const possible = Math.log((1 - topP) / logProbs.length);
  const kept = logProbs.filter((value) => value >= possible).sort().reverse();
  let mass = 0;
  for (const value of kept) {
    mass += Math.exp(value);
    if (mass >= topP) return value;
  }
  return kept[kept.length - 1];
}

// log p_T = R log p_D + (1 - R) log p_AR up to a constant; an expert without weight is ignored.
export function mixtureLogits(logMarginal, logJoint, mixtureWeight) {
  if (mixtureWeight === 0) return logJoint;
  if (mixtureWeight === 1) return logMarginal;
  return logMarginal.map((value, v) => mixtureWeight * value + (1 - mixtureWeight) * logJoint[v]);
}
