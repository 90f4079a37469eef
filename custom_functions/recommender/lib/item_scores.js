/**
 * The strategy `items` without TensorFlow.js, from the graph's own weights: the arithmetic of an answer is small,
 * and nearly all of the graph's time is the fixed cost of its kernels. docs/bundle.md has the formula, and a model
 * whose table answers its probes otherwise than its graph is refused.
 */

import { BestItems } from './best_items.js';
import { readItemTable } from './item_table.js';
import { createPauses } from './pauses.js';

const STRIDE = 4096;
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
  // Without the towers, unrelated items stand in the same order for all favourites. The pairs of the favourites
  // may take items out of it, and no answer needs more of it than its own length.
  const longest = Math.min(table.items, results + favourites * table.longest);
  const unrelated = table.blend
    ? // One more number, which an odd length reads behind the last vector.
      { vectors: await table.vectors.toArray(1) }
    : { order: await bestOf(table.itemFactor, longest) };
  return new ItemScores(table, unrelated, { favourites, results });
}

async function bestOf(factors, count) {
  const pause = createPauses();
  const best = new BestItems(count);
  for (let i = 0; i < factors.length; i++) {
    best.offer(i, factors[i]);
    if (i % STRIDE === STRIDE - 1) await pause();
  }
  return best.ranked().items;
}

/** What `openItemScores` makes. Sums are float32 in the graph, and here. */
class ItemScores {
  #table;
  #order;
  #sizes;
  #vectors; // decoded, where each answer needs all of them
  #rest; // [items] where there is a blend: each answer's own
  #sums; // 0 between two answers, as is the next
  #isPaired;

  constructor(table, { order, vectors }, sizes) {
    this.#table = table;
    this.#order = order;
    this.#sizes = sizes;
    this.#vectors = vectors;
    this.#rest = vectors && new Float32Array(table.items);
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
    const rest = this.#restFor(favourites);
    const best = new BestItems(Math.min(results, this.#sizes.results));
    this.#rank(favourites, rest, best);
    const answer = best.ranked();
    if (shares) answer.shares = this.#shares(favourites, answer.items, rest);
    if (vectors) answer.vectors = this.#directions(answer.items);
    return answer;
  }

  #rank(favourites, rest, best) {
    const { items, divisor, queryFactor } = this.#table;
    const factor = favourites.reduce((sum, favourite) => fround(sum + queryFactor[favourite]), 0);
    const paired = this.#addPairs(favourites);
    const offer = (item) => {
      const score = fround(fround(this.#sums[item] + fround(factor * rest(item))) / divisor);
      return score > 0 && best.offer(item, score);
    };
    if (this.#order) {
      for (const item of paired) offer(item);
      for (const item of this.#order) if (!this.#isPaired[item] && !offer(item)) break;
    } else {
      for (let item = 0; item < items; item++) offer(item);
    }
    for (const item of paired) this.#sums[item] = this.#isPaired[item] = 0;
  }

  /** The score of an item for unrelated favourites, but for their factor. */
  #restFor(favourites) {
    const { itemFactor, blend } = this.#table;
    const rest = blend ? this.#blended(favourites) : itemFactor;
    return (item) => rest[item];
  }

  /** [items] The items' factors, raised by their likeness to the favourites: of all items, so in one loop. */
  #blended(favourites) {
    const { items, itemFactor, dim, maxExponent } = this.#table;
    const vectors = this.#vectors;
    const query = this.#query(favourites);
    const blended = this.#rest;
    for (let item = 0, row = 0; item < items; item++, row += dim) {
      // Two sums, because each addition to one of them waits for the last.
      let even = 0;
      let odd = 0;
      for (let k = 0; k < dim; k += 2) {
        even += query[k] * vectors[row + k];
        odd += query[k + 1] * vectors[row + k + 1];
      }
      blended[item] = itemFactor[item] * fround(Math.exp(Math.min(even + odd, maxExponent)));
    }
    return blended;
  }

  /** The favourites' mean vector, times the blend; one more 0 behind it, for pairs of an odd length. */
  #query(favourites) {
    const { blend, dim } = this.#table;
    const query = new Float32Array(dim + 1);
    for (const favourite of favourites) {
      for (let k = 0; k < dim; k++) query[k] += this.#vectors[favourite * dim + k];
    }
    for (let k = 0; k < dim; k++) query[k] = fround(query[k] / favourites.length) * blend;
    return query;
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
  #shares(favourites, items, rest) {
    const { offsets, neighbours, weights, queryFactor } = this.#table;
    const width = this.#sizes.favourites;
    const shares = new Float32Array(items.length * width);
    const rowOf = new Map();
    for (let place = 0; place < items.length && items[place] >= 0; place++) {
      const row = place * width;
      const beyond = rest(items[place]);
      favourites.forEach((favourite, f) => (shares[row + f] = queryFactor[favourite] * beyond));
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
