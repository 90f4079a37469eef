import { readIds, writeIds } from '../../lib/listed_ids.js';

/**
 * @typedef {object} Place The state of the page, all of which is in its address.
 * @property {string[]} favourites Ids of the picked items.
 * @property {string[]} dismissed Ids that are "not for me".
 * @property {string|null} strategy Null is the model's default.
 * @property {string|null} compare The strategy to compare with; null is no comparison.
 * @property {number} variety 0..1.
 * @property {number} novelty 0..1; more brings less popular items.
 * @property {string[]} leftOut Ids of favourites beyond the maximum: read from an address, never written.
 */

const MOST_DISMISSED = 200;

/** @type {Place} The state without any choice made. */
export const START = Object.freeze({
  favourites: [],
  dismissed: [],
  strategy: null,
  compare: null,
  variety: 0,
  novelty: 0,
  leftOut: [],
});

/**
 * Reads the address's query.
 *
 * @param {string} search As in `location.search`.
 * @param {string} collection Name of the parameter that carries the favourites: songs, books …
 * @param {number} most Most favourites; further ones are left out.
 * @returns {Place}
 */
export function readPlace(search, collection, most) {
  const query = new URLSearchParams(search);
  const favourites = readIds(query.get(collection));
  return {
    favourites: favourites.slice(0, most),
    dismissed: readIds(query.get('not')).slice(0, MOST_DISMISSED),
    strategy: query.get('strategy') || null,
    compare: query.get('compare') || null,
    variety: readShare(query.get('variety')),
    novelty: readShare(query.get('novelty')),
    leftOut: favourites.slice(most),
  };
}

/**
 * Writes a place as a query. Defaults are left out, to keep links short.
 *
 * @param {Place} place
 * @param {string} collection
 * @returns {string} With its question mark, or empty.
 */
export function writePlace(place, collection) {
  const parts = [
    [collection, writeIds(place.favourites)],
    ['strategy', place.strategy && encodeURIComponent(place.strategy)],
    ['compare', place.compare && encodeURIComponent(place.compare)],
    ['variety', place.variety ? String(place.variety) : ''],
    ['novelty', place.novelty ? String(place.novelty) : ''],
    ['not', writeIds(place.dismissed)],
  ].filter(([, value]) => value);
  return parts.length ? `?${parts.map((part) => part.join('=')).join('&')}` : '';
}

function readShare(text) {
  const share = Number(text);
  return share >= 0 && share <= 1 ? share : 0;
}
