// The noise of one iteration: which field each random choice reads, as apd.decoding.noise.
import { counterUniform, gumbelNoiseAt } from "../rng.js";
import { argmax, largest } from "./warpers.js";

// Independent fields within one iteration, by what they decide.
const SHARED = 0;
const TARGET = 1;
const ACCEPT = 2;
const STREAMS = 4;

// All Gumbel noise lies in a range this wide (apd.coupling), as its uniforms are multiples of 2^-53.
const GUMBEL_RANGE = 2e-9 - Math.log(-Math.log1p(-(2 ** -53))) + Math.log(53 * Math.log(2));

// argmax_v (log p(v) + g(v)), reading g only for tokens that can win; the first of equals.
function gumbelMaxAmongLikely(logProbs, noiseAt) {
  const least = largest(logProbs) - GUMBEL_RANGE;
  let best = 0;
  let bestScore = -Infinity;
  for (let v = 0; v < logProbs.length; v += 1) {
    if (!(logProbs[v] >= least) || logProbs[v] === -Infinity) continue;
    const score = logProbs[v] + noiseAt(v);
    if (score > bestScore) [best, bestScore] = [v, score];
  }
  return best;
}

export class IterationNoise {
  // config: seed, noise ("position" or "fresh", which depends on the iteration too), temperature.
  constructor(config, iteration) {
    this.config = config;
    this.iteration = iteration;
  }

  // One argmax serves draft and target of a position.
  drawShared(logProbs, position) {
    return this.#draw(logProbs, position, SHARED);
  }

  // With noise that only the target sees.
  drawTarget(logProbs, position) {
    return this.#draw(logProbs, position, TARGET);
  }

  // The uniform that keeps or drops a drafted token in the maximal coupling.
  accept(position) {
    return counterUniform(this.config.seed, position, 1, this.#field(ACCEPT))[0];
  }

  #draw(logProbs, position, stream) {
    if (this.config.temperature === 0) return argmax(logProbs);
    return gumbelMaxAmongLikely(
      logProbs, gumbelNoiseAt(this.config.seed, position, this.#field(stream)));
  }

  #field(stream) {
    return stream + (this.config.noise === "fresh" ? STREAMS * this.iteration : 0);
  }
}
