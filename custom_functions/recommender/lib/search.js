/**
 * Finding items by beginnings of words, popular ones first; where too few begin like what was typed, words with
 * few misspelled letters count too.
 *
 * The index is the sorted vocabulary and, for each word, the items that have it. All words with one beginning
 * stand next to each other, and so do their items: a beginning is one slice of one array. A query takes the
 * slices of its words as sets of one bit an item and intersects them. That needs some 40 bytes an item, and at
 * worst one pass over the index and one over the words with the same first letters.
 */

import { ItemSet } from './item_sets.js';
import { createPauses } from './pauses.js';
import { isFiller, misspelled } from './typos.js';
import { queryWords } from './words.js';

/** With fewer results than these, misspellings are looked for. */
const FEW = 5;
/** The most errors of a whole query, over all its words. */
const MOST_ERRORS = 3;

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

  /** @returns {Promise<SearchIndex>} Lets requests through in between. */
  async finish() {
    const pause = createPauses();
    const vocabulary = await sorted(this.#numbers.keys(), pause);
    const place = new Uint32Array(vocabulary.length);
    for (let i = 0; i < vocabulary.length; i++) {
      place[this.#numbers.get(vocabulary[i])] = i;
      if ((i & 1023) === 0) await pause();
    }
    const ends = await this.#ends(place, pause);
    return new SearchIndex(this.#items, vocabulary, ends, await this.#byWord(place, ends, pause));
  }

  /** By place in the vocabulary, where its items end. */
  async #ends(place, pause) {
    const ends = new Uint32Array(place.length);
    for (let i = 0; i < this.#used; i++) {
      ends[place[this.#words[i]]]++;
      if ((i & 65535) === 0) await pause();
    }
    for (let i = 1; i < ends.length; i++) ends[i] += ends[i - 1];
    return ends;
  }

  async #byWord(place, ends, pause) {
    // One place further than needed, so that the first word begins at 0 also where there are no words.
    const next = new Uint32Array(ends.length + 1);
    next.set(ends, 1);
    const items = new Uint32Array(this.#used);
    for (let index = 0; index < this.#items; index++) {
      const start = this.#start[index];
      for (let i = start; i < start + this.#count[index]; i++) {
        items[next[place[this.#words[i]]]++] = index;
      }
      if ((index & 4095) === 0) await pause();
    }
    return items;
  }

  #reserve(more) {
    if (this.#used + more <= this.#words.length) return;
    const larger = new Uint32Array(Math.ceil((this.#used + more) * 1.5));
    larger.set(this.#words);
    this.#words = larger;
  }
}

// One sort of 100,000 words would hold the thread for 100 ms: words are sorted by their first two letters apart.
async function sorted(words, pause) {
  const shelves = new Map();
  let count = 0;
  for (const word of words) {
    const beginning = word.slice(0, 2);
    if (shelves.has(beginning)) shelves.get(beginning).push(word);
    else shelves.set(beginning, [word]);
    if ((++count & 1023) === 0) await pause();
  }
  const all = [];
  for (const beginning of [...shelves.keys()].sort()) {
    for (const word of shelves.get(beginning).sort()) all.push(word);
    await pause();
  }
  return all;
}

/** What `SearchBuilder` makes. */
export class SearchIndex {
  #size;
  #vocabulary;
  #ends;
  #items;

  /**
   * @param {number} size How many items there are.
   * @param {string[]} vocabulary Sorted.
   * @param {Uint32Array} ends By place in the vocabulary, where the word's items end; they begin where the last
   *   one's end.
   * @param {Uint32Array} items Word by word.
   */
  constructor(size, vocabulary, ends, items) {
    this.#size = size;
    this.#vocabulary = vocabulary;
    this.#ends = ends;
    this.#items = items;
  }

  /**
   * @param {string} query What was typed; without a word in it, everything matches.
   * @param {number} limit
   * @returns {number[]} Item indices: those that match without an error, then with one, and so on; among
   *   equals the most popular first.
   */
  find(query, limit) {
    const words = queryWords(query);
    if (!words.length) return Array.from({ length: Math.min(limit, this.#size) }, (_, i) => i);
    const ranges = words.map((word) => this.#range(word));
    const found = this.#matching(ranges, limit);
    if (found.length >= Math.min(limit, FEW)) return found;
    const all = new Set(found);
    for (const set of this.#withErrors(words, ranges)) {
      // A set holds those with fewer errors, too.
      for (const index of set.first(limit)) if (all.size < limit) all.add(index);
      if (all.size >= Math.min(limit, FEW)) break;
    }
    return [...all];
  }

  /** Items with a word in each of the ranges. */
  #matching(ranges, limit) {
    if (ranges.some(([from, to]) => from === to)) return [];
    const [first, ...others] = ranges.map((range) => this.#itemsIn(range));
    return others.reduce((all, one) => all.intersect(one), first).first(limit);
  }

  /** @returns {ItemSet[]} Items that match with at most 1, 2 … errors. */
  #withErrors(words, ranges) {
    const all = new ItemSet(this.#size).fill();
    // Somebody who typed nothing but "the" means it.
    const canLeaveOut = (word) => isFiller(word) && !words.every(isFiller);
    let within = Array.from({ length: MOST_ERRORS + 1 }, () => all);
    for (const [i, word] of words.entries()) {
      const byErrors = this.#byErrors(word, ranges[i]);
      if (canLeaveOut(word)) byErrors[1] = all;
      within = within.map((_, most) => {
        const set = new ItemSet(this.#size);
        byErrors.forEach((one, errors) => {
          if (errors <= most) set.addCommon(within[most - errors], one);
        });
        return set;
      });
    }
    return within.slice(1);
  }

  /** @returns {ItemSet[]} By number of errors, the items with a word that may be meant; sparse. */
  #byErrors(word, range) {
    const sets = [this.#itemsIn(range)];
    for (const { from, to, errors } of misspelled(this.#vocabulary, word)) {
      this.#addTo((sets[errors] ??= new ItemSet(this.#size)), from, to);
    }
    return sets;
  }

  #itemsIn([from, to]) {
    return this.#addTo(new ItemSet(this.#size), from, to);
  }

  #addTo(set, from, to) {
    if (from === to) return set;
    return set.add(this.#items, from ? this.#ends[from - 1] : 0, this.#ends[to - 1]);
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
