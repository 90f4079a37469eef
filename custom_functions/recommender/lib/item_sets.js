/**
 * Sets of items with one bit for each item, in order of popularity: 385,000 items take 48 kB, and two sets are
 * intersected or united in a few microseconds.
 */
export class ItemSet {
  #bits;

  /** @param {number} items How many items there are; indices run 0..items-1. */
  constructor(items) {
    this.#bits = new Uint32Array((items + 31) >>> 5);
  }

  /** @returns {this} With every item. */
  fill() {
    // Bits beyond the last item are never set in a list of items, so an intersection drops them.
    this.#bits.fill(0xffffffff);
    return this;
  }

  /**
   * @param {Uint32Array} list Item indices.
   * @param {number} from Where in the list to begin.
   * @param {number} to Where to stop, exclusive.
   * @returns {this}
   */
  add(list, from, to) {
    const bits = this.#bits;
    // A shift uses the last five bits of its right side: `1 << 33` is `1 << 1`.
    for (let i = from; i < to; i++) bits[list[i] >>> 5] |= 1 << list[i];
    return this;
  }

  /**
   * Keeps the items that the other set has, too.
   *
   * @param {ItemSet} other Of the same size.
   * @returns {this}
   */
  intersect(other) {
    const bits = this.#bits;
    const others = other.#bits;
    for (let i = 0; i < bits.length; i++) bits[i] &= others[i];
    return this;
  }

  /**
   * Adds the items that two other sets have in common.
   *
   * @param {ItemSet} one Of the same size.
   * @param {ItemSet} other Of the same size.
   * @returns {this}
   */
  addCommon(one, other) {
    const bits = this.#bits;
    const left = one.#bits;
    const right = other.#bits;
    for (let i = 0; i < bits.length; i++) bits[i] |= left[i] & right[i];
    return this;
  }

  /**
   * @param {number} limit
   * @returns {number[]} The most popular items of the set.
   */
  first(limit) {
    const found = [];
    for (let i = 0; i < this.#bits.length && found.length < limit; i++) {
      for (let rest = this.#bits[i]; rest && found.length < limit; rest &= rest - 1) {
        found.push(i * 32 + 31 - Math.clz32(rest & -rest));
      }
    }
    return found;
  }
}
