/**
 * Finding items by beginnings of words, popular ones first.
 *
 * The index is the sorted vocabulary and, for each item, the places of its words in it. All words with one
 * beginning stand next to each other, so an item matches if one of its places lies in a range, and a pass over
 * the items in order of popularity stops as soon as enough are found. That needs some 40 bytes an item, takes
 * one pass at worst, and short beginnings, dear in other indexes, are the cheapest.
 */

import { createPauses } from './pauses.js';
import { queryWords } from './words.js';

/** Collects words item by item, in any order. */
export class SearchBuilder {
  #items;
  #numbers = new Map(); // word -> number in order of arrival
  #start;
  #count;
  #words;
  #used = 0;

  /** @param {number} items How many items there are; indices run 0..items-1 in order of popularity. */
  constructor(items) {
    this.#items = items;
    this.#start = new Uint32Array(items);
    this.#count = new Uint8Array(items);
    this.#words = new Uint32Array(items * 6 + 64);
  }

  /**
   * @param {number} index The item.
   * @param {Set<string>} words At most 255, distinct.
   */
  add(index, words) {
    this.#reserve(words.size);
    this.#start[index] = this.#used;
    this.#count[index] = words.size;
    for (const word of words) {
      let number = this.#numbers.get(word);
      if (number === undefined) this.#numbers.set(word, (number = this.#numbers.size));
      this.#words[this.#used++] = number;
    }
  }

  /** @returns {Promise<SearchIndex>} Hands over to requests in between. */
  async finish() {
    const pause = createPauses();
    const vocabulary = await sorted(this.#numbers.keys(), pause);
    const place = new Uint32Array(vocabulary.length);
    for (let i = 0; i < vocabulary.length; i++) {
      place[this.#numbers.get(vocabulary[i])] = i;
      if ((i & 1023) === 0) await pause();
    }
    return new SearchIndex(vocabulary, ...(await this.#inOrder(place, pause)));
  }

  // Rows come in the order of their ids, a search goes by popularity: laid out like that, an item's places need
  // no beginning of their own.
  async #inOrder(place, pause) {
    const ends = new Uint32Array(this.#items);
    const places = new Uint32Array(this.#used);
    let used = 0;
    for (let index = 0; index < this.#items; index++) {
      const start = this.#start[index];
      for (let i = start; i < start + this.#count[index]; i++) {
        places[used++] = place[this.#words[i]];
      }
      ends[index] = used;
      if ((index & 4095) === 0) await pause();
    }
    return [ends, places];
  }

  #reserve(more) {
    if (this.#used + more <= this.#words.length) return;
    const larger = new Uint32Array(Math.ceil((this.#used + more) * 1.5));
    larger.set(this.#words);
    this.#words = larger;
  }
}

// One sort of 100,000 words would hold the thread for 100 ms: words are sorted by first letter apart.
async function sorted(words, pause) {
  const shelves = new Map();
  for (const word of words) {
    const first = word.charCodeAt(0);
    if (shelves.has(first)) shelves.get(first).push(word);
    else shelves.set(first, [word]);
  }
  const all = [];
  for (const first of [...shelves.keys()].sort((a, b) => a - b)) {
    for (const word of shelves.get(first).sort()) all.push(word);
    await pause();
  }
  return all;
}

/** What `SearchBuilder` makes. */
export class SearchIndex {
  #vocabulary;
  #ends;
  #places;

  /**
   * @param {string[]} vocabulary Sorted.
   * @param {Uint32Array} ends By item, where its places end; they begin where the last one's end.
   * @param {Uint32Array} places In the vocabulary.
   */
  constructor(vocabulary, ends, places) {
    this.#vocabulary = vocabulary;
    this.#ends = ends;
    this.#places = places;
  }

  /**
   * @param {string} query What was typed; without a word in it, everything matches.
   * @param {number} limit
   * @returns {number[]} Item indices, most popular first.
   */
  find(query, limit) {
    const ranges = queryWords(query).map((word) => this.#range(word));
    if (ranges.some(([from, to]) => from === to)) return [];
    // The rarest first, so that most items fail at once.
    ranges.sort((a, b) => a[1] - a[0] - (b[1] - b[0]));
    const found = [];
    let index = -1;
    while (found.length < limit) {
      index = this.#next(index + 1, ranges);
      if (index === this.#ends.length) break;
      found.push(index);
    }
    return found;
  }

  /** The first item from `index` on that matches: the loop that most of the time goes into. */
  #next(index, [first, ...others]) {
    if (!first) return index;
    const ends = this.#ends;
    const places = this.#places;
    const [from, to] = first;
    // The difference, read as unsigned, tells in one comparison whether a place lies within.
    const width = to - from;
    let i = index === 0 ? 0 : ends[index - 1];
    for (; index < ends.length; index++) {
      const start = i;
      const end = ends[index];
      while (i < end && (places[i] - from) >>> 0 >= width) i++;
      if (i < end && others.every((range) => has(places, start, end, range))) return index;
      i = end;
    }
    return index;
  }

  /** @returns {[number, number]} Where the words with this beginning stand, the end excluded. */
  #range(beginning) {
    return [this.#firstFrom(beginning), this.#firstFrom(`${beginning}\uffff`)];
  }

  #firstFrom(word) {
    let low = 0;
    let high = this.#vocabulary.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#vocabulary[middle] < word) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function has(places, start, end, [from, to]) {
  for (let i = start; i < end; i++) if (places[i] >= from && places[i] < to) return true;
  return false;
}
