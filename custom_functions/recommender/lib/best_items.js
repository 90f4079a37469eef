/**
 * The best of many scored items: a heap of bounded size whose root is the worst item kept. Equal scores are
 * ordered by index, the lower one first.
 */
export class BestItems {
  #items;
  #scores;
  #size = 0;

  /** @param {number} capacity How many are kept. */
  constructor(capacity) {
    this.#items = new Int32Array(capacity);
    this.#scores = new Float32Array(capacity);
  }

  /**
   * @param {number} item Offered once only.
   * @param {number} score A float32.
   * @returns {boolean} False where this score is lower than all that are kept, and no place is free.
   */
  offer(item, score) {
    const items = this.#items;
    if (this.#size < items.length) {
      this.#rise(item, score);
      return true;
    }
    if (!this.#size || score < this.#scores[0]) return false;
    if (score > this.#scores[0] || item < items[0]) this.#sink(item, score, this.#size);
    return true;
  }

  /**
   * Ends the selection.
   *
   * @returns {{items: Int32Array, scores: Float32Array}} Best first; where fewer were offered than are kept,
   *   the rest is -1 and 0.
   */
  ranked() {
    const items = this.#items;
    const scores = this.#scores;
    items.fill(-1, this.#size);
    for (let last = this.#size - 1; last > 0; last--) {
      const [item, score] = [items[last], scores[last]];
      [items[last], scores[last]] = [items[0], scores[0]];
      this.#sink(item, score, last);
    }
    return { items, scores };
  }

  /** Puts an item at the end and moves it up. */
  #rise(item, score) {
    let place = this.#size++;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!this.#isWorse(item, score, above)) break;
      this.#move(above, place);
      place = above;
    }
    this.#set(place, item, score);
  }

  /** Puts an item in place of the root and moves it down, in a heap of this size. */
  #sink(item, score, size) {
    let place = 0;
    for (let below = 1; below < size; below = 2 * place + 1) {
      const right = below + 1;
      if (right < size && this.#isWorse(this.#items[right], this.#scores[right], below)) {
        below = right;
      }
      if (this.#isWorse(item, score, below)) break;
      this.#move(below, place);
      place = below;
    }
    this.#set(place, item, score);
  }

  #isWorse(item, score, place) {
    const other = this.#scores[place];
    return score < other || (score === other && item > this.#items[place]);
  }

  #move(from, to) {
    this.#set(to, this.#items[from], this.#scores[from]);
  }

  #set(place, item, score) {
    this.#items[place] = item;
    this.#scores[place] = score;
  }
}
