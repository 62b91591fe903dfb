// The canvas: prompt, decoded tokens, and masks for everything not decoded yet.
export function blankCanvas(promptIds, maxNewTokens, fill) {
  return [...promptIds, ...new Array(maxNewTokens).fill(fill)];
}

// Whether one of the tokens ends the text that a model decodes.
export const endsText = (model, tokens) => tokens.some((token) => model.endTokenIds.includes(token));

// One past the last position of the lookahead from t: min(t + M, n); no M shows everything.
export const lookaheadStop = (maxLookahead, t, n) =>
  maxLookahead === null ? n : Math.min(t + maxLookahead, n);

export const positionsFrom = (start, count) => Array.from({ length: count }, (_, i) => start + i);
