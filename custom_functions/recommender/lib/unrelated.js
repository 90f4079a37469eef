/**
 * The second part of an item's score in the strategy `items`: how it is ranked for favourites that have no pair with
 * it. docs/bundle.md calls it rest(i), and has the formula.
 */

import { BestItems } from './best_items.js';
import { createPauses } from './pauses.js';

const STRIDE = 4096;
const { fround } = Math;

/**
 * @param {import('./item_table.js').ItemTable} table
 * @param {number} longest As much of `order` as an answer can need.
 * @returns {Promise<Unrelated>}
 */
export async function openUnrelated(table, longest) {
  const { items, blend, newItems } = table;
  const blended = blend ? Int32Array.from({ length: items }, (_, item) => item) : newItems;
  const order = await orderOf(table, blended, Math.min(items - blended.length, longest));
  return new Unrelated(table, order, blended, await vectorsOf(table, blended));
}

/** The best items that are not blended. */
async function orderOf({ items, itemFactor }, blended, count) {
  const pause = createPauses();
  const best = new BestItems(count);
  for (let item = 0, place = 0; count && item < items; item++) {
    if (item === blended[place]) place++;
    else best.offer(item, itemFactor[item]);
    if (item % STRIDE === STRIDE - 1) await pause();
  }
  return best.ranked().items;
}

/** One more number, which an odd length reads behind the last vector. */
async function vectorsOf({ vectors, dim }, blended) {
  const pause = createPauses();
  const decoded = new Float32Array(blended.length * dim + 1);
  for (let place = 0, row = 0; place < blended.length; place++, row += dim) {
    const from = blended[place] * dim;
    for (let k = 0; k < dim; k++) decoded[row + k] = vectors.at(from + k);
    if (place % STRIDE === STRIDE - 1) await pause();
  }
  return decoded;
}

/** What `openUnrelated` makes. */
class Unrelated {
  #table;
  #vectors; // of `blended`
  #likenesses; // likewise, each answer's own

  constructor(table, order, blended, vectors) {
    this.#table = table;
    this.#vectors = vectors;
    this.#likenesses = new Float32Array(blended.length);
    /** @type {Int32Array} Items that stand in the same order for all favourites, best first. */
    this.order = order;
    /** @type {Int32Array} Items whose place depends on the favourites: all, or new ones alone; ascending. */
    this.blended = blended;
    /** @type {Float32Array} [items] */
    this.rest = table.itemFactor.slice();
  }

  /**
   * Computes `rest` of the items that are blended.
   *
   * @param {number[]} favourites
   */
  ask(favourites) {
    if (!this.blended.length) return;
    this.#compare(favourites);
    const { blend, newItems, newBlend } = this.#table;
    if (blend) this.#raise(this.blended, blend);
    this.#raise(newItems, newBlend);
    this.#level(newItems);
  }

  /** The products of the vectors and the favourites' mean. */
  #compare(favourites) {
    const { dim } = this.#table;
    const [vectors, likenesses] = [this.#vectors, this.#likenesses];
    const query = this.#query(favourites);
    for (let place = 0, row = 0; place < likenesses.length; place++, row += dim) {
      // Two sums, because each addition to one of them waits for the last.
      let even = 0;
      let odd = 0;
      for (let k = 0; k < dim; k += 2) {
        even += query[k] * vectors[row + k];
        odd += query[k + 1] * vectors[row + k + 1];
      }
      likenesses[place] = even + odd;
    }
  }

  /** The favourites' mean vector; one more 0 behind it, for pairs of an odd length. */
  #query(favourites) {
    const { vectors, dim } = this.#table;
    const query = new Float32Array(dim + 1);
    for (const favourite of favourites) {
      for (let k = 0; k < dim; k++) query[k] += vectors.at(favourite * dim + k);
    }
    for (let k = 0; k < dim; k++) query[k] /= favourites.length;
    return query;
  }

  #raise(items, blend) {
    const { itemFactor, maxExponent } = this.#table;
    const isAll = this.blended.length > items.length;
    for (let place = 0; place < items.length; place++) {
      const item = items[place];
      const exponent = Math.min(blend * this.#likenesses[isAll ? item : place], maxExponent);
      this.rest[item] = itemFactor[item] * fround(Math.exp(exponent));
    }
  }

  /** New items share one weight: many of them, each raised, would crowd out the others. */
  #level(items) {
    let total = 0;
    for (const item of items) total += this.rest[item];
    if (total > 0) for (const item of items) this.rest[item] *= this.#table.newWeight / total;
  }
}
