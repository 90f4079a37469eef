/**
 * Reads the pair table of a strategy out of a bundle's weights, where the manifest names them; see "A strategy's
 * table" in docs/bundle.md. Nothing of it is used before every index has been found to be in range.
 */

import { ModelRefused } from './errors.js';
import { createPauses } from './pauses.js';
import { Floats, weightsOf } from './weights.js';

const INTEGERS = ['offsets', 'neighbours'];
const FLOATS = ['weights', 'query_factor', 'item_factor', 'vectors'];
const NUMBERS = ['blend', 'divisor', 'max_exponent'];
/** Where items that nobody likes yet have a blend of their own. */
const NEW = { floats: ['new_items'], numbers: ['new_blend', 'new_weight'] };

/** How many numbers are checked before the clock is read again. */
const STRIDE = 16_384;

/**
 * @typedef {object} ItemTable
 * @property {number} items How many items there are.
 * @property {Int32Array} offsets [items + 1] Where each favourite's pairs begin.
 * @property {Int32Array} neighbours [pairs] Item indices.
 * @property {Floats} weights [pairs]
 * @property {Float32Array} queryFactor [items]
 * @property {Float32Array} itemFactor [items]
 * @property {Floats} vectors [items × dim]
 * @property {number} dim
 * @property {number} longest Pairs of the favourite that has most.
 * @property {number} blend
 * @property {Int32Array} newItems Items that nobody likes yet, if they have a blend of their own; ascending.
 * @property {number} newBlend That blend.
 * @property {number} newWeight What they share for unrelated favourites.
 * @property {number} divisor
 * @property {number} maxExponent
 * @property {boolean} isMean Whether the query factors of several favourites are averaged; they are added up in models of
 *   an earlier release.
 */

/**
 * @param {{manifest: object, topology: object, weights: ArrayBuffer}} bundle
 * @param {{name: string, table: object}} strategy
 * @returns {Promise<ItemTable>}
 * @throws {ModelRefused} The table is inconsistent.
 */
export async function readItemTable(bundle, { name, table }) {
  const refuse = (problem) => {
    throw new ModelRefused(`strategy ${name}: table.${problem}`);
  };
  const { items } = bundle.manifest.sizes;
  const numbers = table.new_items === undefined ? NUMBERS : [...NUMBERS, ...NEW.numbers];
  for (const key of numbers) if (!Number.isFinite(table[key])) refuse(`${key} is no number`);
  if (table.divisor <= 0) refuse('divisor is not positive');
  if (table.new_weight < 0) refuse('new_weight is negative');
  if (![undefined, 'mean'].includes(table.unrelated)) refuse('unrelated is not "mean"');
  const columns = readColumns(bundle, table, refuse);
  checkLengths(columns, items, refuse);
  const longest = await checkOffsets(columns, items, refuse);
  await checkValues(columns, items, refuse);
  const { offsets, neighbours, weights, query_factor, item_factor, vectors, new_items } = columns;
  const { blend, new_blend: newBlend, new_weight: newWeight } = table;
  const { divisor, max_exponent: maxExponent } = table;
  const dim = vectors.length / items;
  return {
    ...{ items, offsets, neighbours, weights, vectors, dim, longest, blend, divisor, maxExponent },
    queryFactor: await query_factor.toArray(),
    itemFactor: await item_factor.toArray(),
    newItems: placesOf(new_items ? await new_items.toArray() : new Float32Array(0)),
    newBlend,
    newWeight,
    isMean: table.unrelated === 'mean',
  };
}

const placesOf = (flags) => Int32Array.from(flags.keys()).filter((place) => flags[place]);

function readColumns(bundle, table, refuse) {
  const weight = weightsOf(bundle);
  const column = (key, types) => {
    if (typeof table[key] !== 'string') refuse(`${key} names no weight`);
    const found = weight(table[key]);
    if (!types.includes(found.dtype)) refuse(`${key}: ${table[key]} is of type ${found.dtype}`);
    return found;
  };
  const integers = INTEGERS.map((key) => [key, column(key, ['int32']).values]);
  const named = table.new_items === undefined ? FLOATS : [...FLOATS, ...NEW.floats];
  const floats = named.map((key) => [key, new Floats(column(key, ['float16', 'float32']))]);
  return Object.fromEntries([...integers, ...floats]);
}

function checkLengths({ neighbours, vectors, ...columns }, items, refuse) {
  const lengths = {
    offsets: items + 1,
    weights: neighbours.length,
    query_factor: items,
    item_factor: items,
    ...(columns.new_items && { new_items: items }),
  };
  for (const [key, length] of Object.entries(lengths)) {
    const found = columns[key].length;
    if (found !== length) refuse(`${key} has ${found} numbers instead of ${length}`);
  }
  if (vectors.length < items || vectors.length % items) {
    refuse(`vectors has ${vectors.length} numbers for ${items} items`);
  }
}

/** @returns {Promise<number>} How many pairs the favourite has that has most. */
async function checkOffsets({ offsets, neighbours }, items, refuse) {
  let longest = 0;
  await every('offsets', items, refuse, (i) => {
    const length = offsets[i + 1] - offsets[i];
    longest = Math.max(longest, length);
    return length >= 0;
  });
  if (offsets[0] !== 0 || offsets[items] > neighbours.length) refuse('offsets is out of range');
  return longest;
}

async function checkValues(columns, items, refuse) {
  const { neighbours, weights, query_factor, item_factor, vectors, new_items } = columns;
  const check = (key, good) => every(key, columns[key].length, refuse, good);
  await check('neighbours', (i) => neighbours[i] >= 0 && neighbours[i] < items);
  await check('weights', (i) => isFactor(weights.at(i)));
  // Items go in the order of their factor: a favourite's must not turn it round.
  await check('query_factor', (i) => isFactor(query_factor.at(i)));
  await check('item_factor', (i) => isFactor(item_factor.at(i)));
  await check('vectors', (i) => Number.isFinite(vectors.at(i)));
  if (new_items) await check('new_items', (i) => new_items.at(i) === 0 || new_items.at(i) === 1);
}

async function every(key, count, refuse, isGood) {
  const pause = createPauses();
  for (let i = 0; i < count; i++) {
    if (!isGood(i)) refuse(`${key} is out of range in place ${i}`);
    if (i % STRIDE === STRIDE - 1) await pause();
  }
}

const isFactor = (value) => Number.isFinite(value) && value >= 0;
