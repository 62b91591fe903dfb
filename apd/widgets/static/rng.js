// The counter-based generator of apd.counter_rng: the same 53 bits from the same
// (seed, draw, position, token), so that a page and a kernel see the same noise.

const MASK_64 = (1n << 64n) - 1n;
const GAMMA = 0x9e3779b97f4a7c15n; // the golden-ratio increment of SplitMix64
const MIX_1 = 0xbf58476d1ce4e5b9n;
const MIX_2 = 0x94d049bb133111ebn;

function mix64(z) {
  z &= MASK_64;
  z = ((z ^ (z >> 30n)) * MIX_1) & MASK_64;
  z = ((z ^ (z >> 27n)) * MIX_2) & MASK_64;
  return z ^ (z >> 31n);
}

// The sequence that a position owns: its v-th output belongs to token v.
const sequenceOf = (seed, position, draw) => {
  const key = mix64(mix64(BigInt(seed) + GAMMA) ^ mix64(BigInt(draw + 1) * GAMMA));
  return mix64(BigInt(position + 1) * GAMMA + key);
};

const uniformIn = (sequence, token) =>
  Number((mix64(sequence + BigInt(token + 1) * GAMMA) >> 11n) || 1n) * 2 ** -53;

const gumbel = (uniform) => -Math.log(-Math.log(uniform));

// Uniform noise in (0, 1) of the tokens 0..numTokens-1 at one position.
export function counterUniform(seed, position, numTokens, draw = 0) {
  const sequence = sequenceOf(seed, position, draw);
  return Array.from({ length: numTokens }, (_, token) => uniformIn(sequence, token));
}

// Standard Gumbel noise, -log(-log u).
export function gumbelNoise(seed, position, numTokens, draw = 0) {
  return counterUniform(seed, position, numTokens, draw).map(gumbel);
}

// The same as a function of the token, for laws of which few tokens matter.
export function gumbelNoiseAt(seed, position, draw = 0) {
  const sequence = sequenceOf(seed, position, draw);
  return (token) => gumbel(uniformIn(sequence, token));
}

// argmax of log p + g; the first of equals, as in torch.
export function gumbelMax(logProbs, noise) {
  let best = 0;
  for (let v = 1; v < logProbs.length; v += 1) {
    if (logProbs[v] + noise[v] > logProbs[best] + noise[best]) best = v;
  }
  return best;
}
