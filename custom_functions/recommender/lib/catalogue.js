/**
 * What is known of the items beside their indices: words to find them by, creators to tell them apart by, and
 * what is shown of them. The first two are held in memory, the last is read from the table when asked for.
 */

import { createPauses } from './pauses.js';
import { SearchBuilder } from './search.js';
import { indexWords, normalise } from './words.js';

/**
 * Reads the whole catalogue once, yielding to requests in between.
 *
 * @param {object} options
 * @param {{items: (fields: string[]) => AsyncIterable<object>}} options.tables
 * @param {{manifest: object, size: number, indexOf: (id: string) => number | undefined}} options.model
 * @returns {Promise<Catalogue>}
 */
export async function readCatalogue({ tables, model }) {
  const { fields, creator } = model.manifest;
  const names = fields.filter(({ searched }) => searched !== false).map(({ name }) => name);
  const words = new SearchBuilder(model.size);
  const creators = new Creators(model.size);
  const pause = createPauses();
  let known = 0;
  for await (const row of tables.items([...new Set([...names, creator].filter(Boolean))])) {
    const index = model.indexOf(row.id);
    if (index === undefined) continue;
    known++;
    words.add(index, indexWords(texts(row, names)));
    if (creator) creators.add(index, row[creator]);
    await pause();
  }
  return new Catalogue(await words.finish(), creators.numbers, model.size - known);
}

/** What `readCatalogue` makes. */
export class Catalogue {
  #index;
  #creators;

  /**
   * @param {import('./search.js').SearchIndex} index
   * @param {Int32Array} creators
   * @param {number} missing
   */
  constructor(index, creators, missing) {
    this.#index = index;
    this.#creators = creators;
    /** How many of the model's items have no row (yet). */
    this.missing = missing;
  }

  /**
   * @param {string} query
   * @param {number} limit
   * @returns {number[]} Item indices, most popular first.
   */
  find(query, limit) {
    return this.#index.find(query, limit);
  }

  /**
   * @param {number} index
   * @returns {number} The same number for the same creator; -1 if none is named.
   */
  creatorOf(index) {
    return this.#creators[index];
  }
}

/**
 * What is shown of an item in a list.
 *
 * @param {string} id
 * @param {object | undefined} row
 * @param {{name: string}[]} fields The manifest's; the first names the item, so it falls back to the id.
 * @returns {Record<string, string>}
 */
export function shown(id, row, fields) {
  const pairs = fields.map(({ name }, place) => [
    name,
    text(row?.[name]) || (place === 0 ? id : ''),
  ]);
  return Object.fromEntries([['id', id], ...pairs]);
}

class Creators {
  #known = new Map();

  constructor(size) {
    this.numbers = new Int32Array(size).fill(-1);
  }

  add(index, value) {
    const name = normalise(text(value));
    if (!name) return;
    if (!this.#known.has(name)) this.#known.set(name, this.#known.size);
    this.numbers[index] = this.#known.get(name);
  }
}

const text = (value) => (value === undefined || value === null ? '' : String(value));
const texts = (row, names) => names.map((name) => text(row[name]));
