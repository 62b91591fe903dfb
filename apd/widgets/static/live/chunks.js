// How much of a lookahead is verified at a time, as apd.decoding.chunks: tokens do not depend on
// it, only time does.
const SMALLEST = 4;

// To the nearest even number at a half, as Python rounds.
const rounded = (value) => (value % 1 === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));

export class VerificationPace {
  #expected = 2 * SMALLEST; // tokens accepted in an iteration

  // [start, stop) of each chunk of the positions start..stop-1.
  *chunks(start, stop) {
    let length = Math.max(SMALLEST, 2 * rounded(this.#expected) + 2);
    for (let at = start; at < stop; ) {
      const end = Math.min(at + length, stop);
      yield [at, end];
      at = end;
      length *= 2;
    }
  }

  note(accepted) {
    this.#expected += (accepted - this.#expected) / 4;
  }
}
