// Models as decoding sees them: passes over a stretch of positions, with the keys and values of
// what lies before kept between them (apd.models.diffusion, apd.models.verifier).

// Keys and values of one sequence, by layer, head and position.
class KeyValueCache {
  constructor({ layers, kvHeads, headDim }) {
    this.rows = layers * kvHeads; // one row of positions for each layer and head
    this.shape = (count) => [layers, kvHeads, count, headDim];
    this.width = headDim;
    this.capacity = 0;
    this.stop = 0; // positions whose keys and values are known
    this.stored = [new Float32Array(0), new Float32Array(0)];
  }

  reserve(capacity) {
    if (capacity <= this.capacity) return;
    this.stored = this.stored.map((old) =>
      this.#moved(old, this.capacity, new Float32Array(this.rows * capacity * this.width), capacity, this.stop));
    this.capacity = capacity;
  }

  // Keys and values of the positions before `count`.
  before(count) {
    return this.stored.map((all) =>
      this.#moved(all, this.capacity, new Float32Array(this.rows * count * this.width), count, count));
  }

  // Store `count` positions from `first` on.
  write(first, count, computed) {
    this.stored.forEach((all, part) =>
      this.#moved(computed[part], count, all, this.capacity, count, first));
    this.stop = first + count;
  }

  // Copy `count` positions of every row from one array to another.
  #moved(from, fromLength, to, toLength, count, offset = 0) {
    for (let row = 0; row < this.rows; row += 1) {
      const start = row * fromLength * this.width;
      to.set(from.subarray(start, start + count * this.width), (row * toLength + offset) * this.width);
    }
    return to;
  }
}

// description: an entry of the manifest; runtime: onnxruntime; session: of the exported graph.
export class Model {
  constructor(description, runtime, session) {
    this.vocabSize = description.vocab_size;
    this.maskTokenId = description.mask_token_id;
    this.endTokenIds = description.end_token_ids;
    this.forbiddenTokenIds = description.forbidden_token_ids;
    this.longest = description.longest;
    this.passes = 0;
    this.seconds = 0;
    this.offset = description.prediction_offset ?? 1; // output i predicts position i + offset
    this.shape = {
      layers: description.layers, kvHeads: description.kv_heads, headDim: description.head_dim,
    };
    this.runtime = runtime;
    this.session = session;
  }

  newCache() {
    return new KeyValueCache(this.shape);
  }

  window(kvWindow) {
    return new MarginalPasses(this, kvWindow);
  }

  scorer() {
    return new CausalScorer(this);
  }

  // Rows `start`..`stop`-1 of a pass over the whole canvas. Nothing stands before position 0, so
  // its row repeats the first output.
  async canvasLogits(canvas, start, stop) {
    const rows = await this.run(canvas, 0, this.newCache());
    return Array.from({ length: stop - start }, (_, i) => rows[Math.max(0, start + i - this.offset)]);
  }

  // Compute the positions from `first` to the end of `tokens`; one row of logits for each.
  async run(tokens, first, cache) {
    const started = performance.now();
    const count = tokens.length - first;
    const { Tensor } = this.runtime;
    const integers = (values) => new Tensor("int64", BigInt64Array.from(values, BigInt), [count]);
    const [keys, values] = cache.before(first).map((data) => new Tensor("float32", data, cache.shape(first)));
    const computed = await this.session.run({
      tokens: integers(tokens.slice(first)),
      positions: integers(Array.from({ length: count }, (_, i) => first + i)),
      past_keys: keys, past_values: values,
    });
    cache.reserve(tokens.length);
    cache.write(first, count, [computed.keys.data, computed.values.data]);
    this.passes += 1;
    this.seconds += (performance.now() - started) / 1000;
    const { data } = computed.logits;
    return Array.from({ length: count }, (_, i) => data.subarray(i * this.vocabSize, (i + 1) * this.vocabSize));
  }
}

// The passes of one decode of a dLLM, which recompute the last W decoded tokens (apd.models.kv_window).
class MarginalPasses {
  constructor(model, kvWindow) {
    this.model = model;
    this.kvWindow = kvWindow;
    this.cache = model.newCache();
    this.lastStart = null;
  }

  // Logits of the positions start..stop-1 given what is decoded and the masks up to stop.
  async logits(canvas, start, stop) {
    const first = this.#firstRecomputed(start);
    this.lastStart = start;
    this.cache.reserve(canvas.length);
    const rows = await this.model.run(canvas.slice(0, stop), first, this.cache);
    return rows.slice(start - first - this.model.offset, stop - first - this.model.offset);
  }

  // max(0, t - W - a + 1), and everything in the first pass and without a window.
  #firstRecomputed(start) {
    if (this.kvWindow === null || this.lastStart === null) return 0;
    const accepted = Math.max(1, start - this.lastStart);
    return Math.max(0, start - this.kvWindow - accepted + 1);
  }
}

// Scores drafts in one causal pass each, reusing keys and values of tokens already scored.
class CausalScorer {
  constructor(model) {
    this.model = model;
    this.cache = model.newCache();
  }

  // Row i - start is l_AR(. | tokens before i).
  async logits(tokens, start, stop) {
    const first = Math.min(this.cache.stop, start - 1);
    this.cache.reserve(tokens.length);
    const rows = await this.model.run(tokens.slice(0, stop - 1), first, this.cache);
    return rows.slice(rows.length - (stop - start));
  }
}
