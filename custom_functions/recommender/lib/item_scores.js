/**
 * The strategy `items` without TensorFlow.js, from the graph's own weights: the arithmetic of an answer is small,
 * and nearly all of the graph's time is the fixed cost of its kernels. docs/bundle.md has the formula, and a model
 * whose table answers its probes otherwise than its graph is refused.
 */

import { BestItems } from './best_items.js';
import { readItemTable } from './item_table.js';
import { openUnrelated } from './unrelated.js';

const { fround } = Math;

/**
 * @param {object} bundle What `readBundle` returns.
 * @param {{name: string, table: object}} strategy
 * @returns {Promise<ItemScores>}
 * @throws {import('./errors.js').ModelRefused} The table is inconsistent.
 */
export async function openItemScores(bundle, strategy) {
  const table = await readItemTable(bundle, strategy);
  const { favourites } = bundle.manifest.sizes;
  const results = Math.min(table.items, bundle.manifest.sizes.results);
  // The pairs of the favourites may take items out of the order, and no answer needs more of it than its own length.
  const unrelated = await openUnrelated(table, results + favourites * table.longest);
  return new ItemScores(table, unrelated, { favourites, results });
}

/** What `openItemScores` makes. Sums are float32 in the graph, and here. */
class ItemScores {
  #table;
  #unrelated;
  #sizes;
  #sums; // 0 between two answers, as is the next
  #isPaired;

  constructor(table, unrelated, sizes) {
    this.#table = table;
    this.#unrelated = unrelated;
    this.#sizes = sizes;
    this.#sums = new Float32Array(table.items);
    this.#isPaired = new Uint8Array(table.items);
  }

  /**
   * @param {number[]} favourites Distinct item indices, checked by the caller.
   * @param {object} [wanted]
   * @param {number} [wanted.results] How many items, at most `sizes.results`.
   * @param {boolean} [wanted.shares]
   * @param {boolean} [wanted.vectors]
   * @returns {{items: Int32Array, scores: Float32Array, shares?: Float32Array, vectors?: Float32Array}} As the
   *   graph's outputs, but for their length.
   */
  answer(favourites, { results = this.#sizes.results, shares, vectors } = {}) {
    this.#unrelated.ask(favourites);
    const best = new BestItems(Math.min(results, this.#sizes.results));
    this.#rank(favourites, best);
    const answer = best.ranked();
    if (shares) answer.shares = this.#shares(favourites, answer.items);
    if (vectors) answer.vectors = this.#directions(answer.items);
    return answer;
  }

  #rank(favourites, best) {
    const { divisor, queryFactor, isMean } = this.#table;
    const { rest, blended, order } = this.#unrelated;
    const total = favourites.reduce((sum, favourite) => fround(sum + queryFactor[favourite]), 0);
    const factor = isMean ? fround(total / favourites.length) : total;
    const paired = this.#addPairs(favourites);
    const offer = (item) => {
      const score = fround(fround(this.#sums[item] + fround(factor * rest[item])) / divisor);
      return score > 0 && best.offer(item, score);
    };
    for (const item of paired) offer(item);
    for (const item of blended) if (!this.#isPaired[item]) offer(item);
    for (const item of order) if (!this.#isPaired[item] && !offer(item)) break;
    for (const item of paired) this.#sums[item] = this.#isPaired[item] = 0;
  }

  /** @returns {number[]} The items whose sums are set now. */
  #addPairs(favourites) {
    const { offsets, neighbours, weights } = this.#table;
    const paired = [];
    for (const favourite of favourites) {
      for (let i = offsets[favourite]; i < offsets[favourite + 1]; i++) {
        const item = neighbours[i];
        this.#sums[item] += weights.at(i);
        if (!this.#isPaired[item]) paired.push(item);
        this.#isPaired[item] = 1;
      }
    }
    return paired;
  }

  /** [results, F] What each favourite adds, as a share of the whole; 0 where there is no item or favourite. */
  #shares(favourites, items) {
    const { offsets, neighbours, weights, queryFactor, isMean } = this.#table;
    const width = this.#sizes.favourites;
    const count = isMean ? favourites.length : 1;
    const shares = new Float32Array(items.length * width);
    const rowOf = new Map();
    for (let place = 0; place < items.length && items[place] >= 0; place++) {
      const row = place * width;
      const beyond = this.#unrelated.rest[items[place]];
      favourites.forEach(
        (favourite, f) => (shares[row + f] = (queryFactor[favourite] / count) * beyond),
      );
      rowOf.set(items[place], row);
    }
    for (const [f, favourite] of favourites.entries()) {
      for (let i = offsets[favourite]; i < offsets[favourite + 1]; i++) {
        const row = rowOf.get(neighbours[i]);
        if (row !== undefined) shares[row + f] += weights.at(i);
      }
    }
    for (let row = 0; row < shares.length; row += width) {
      const whole = shares.subarray(row, row + width).reduce((sum, part) => sum + part, 0);
      if (whole > 0) for (let f = 0; f < width; f++) shares[row + f] /= whole;
    }
    return shares;
  }

  /** [results, dim] The items' vectors, of length 1; 0 where there is no item or no direction. */
  #directions(items) {
    const { vectors, dim } = this.#table;
    const directions = new Float32Array(items.length * dim);
    for (let place = 0; place < items.length && items[place] >= 0; place++) {
      const row = directions.subarray(place * dim, (place + 1) * dim);
      for (let k = 0; k < dim; k++) row[k] = vectors.at(items[place] * dim + k);
      const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
      if (length > 0) for (let k = 0; k < dim; k++) row[k] /= length;
    }
    return directions;
  }
}
