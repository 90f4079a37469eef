/**
 * @typedef {object} Place What the address says, and all that is remembered anywhere.
 * @property {string[]} favourites Ids of the picked items.
 * @property {string[]} dismissed Ids that are "not for me".
 * @property {string|null} strategy Null is the model's default.
 * @property {string|null} compare The strategy on the other side; null is no comparison.
 * @property {number} variety 0..1.
 */

const MOST_DISMISSED = 200;

/**
 * Reads the address's query.
 *
 * @param {string} search As in `location.search`.
 * @param {string} collection Name of the parameter that carries the favourites: songs, books …
 * @param {number} most Favourites; further ones are left out.
 * @returns {Place}
 */
export function readPlace(search, collection, most) {
  const query = new URLSearchParams(search);
  const variety = Number(query.get('variety'));
  return {
    favourites: readIds(query.get(collection), most),
    dismissed: readIds(query.get('not'), MOST_DISMISSED),
    strategy: query.get('strategy') || null,
    compare: query.get('compare') || null,
    variety: variety >= 0 && variety <= 1 ? variety : 0,
  };
}

/**
 * Writes a place as a query; what is at its default is left out, so that links stay short.
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
    ['not', writeIds(place.dismissed)],
  ].filter(([, value]) => value);
  return parts.length ? `?${parts.map((part) => part.join('=')).join('&')}` : '';
}

function readIds(text, most) {
  const ids = (text ?? '').split(',').map(decode).filter(Boolean);
  return [...new Set(ids)].slice(0, most);
}

// A comma parts two ids, so one inside an id is escaped a second time.
function writeIds(ids) {
  return ids
    .map((id) => encodeURIComponent(id.replace(/[%,]/g, (mark) => encodeURIComponent(mark))))
    .join(',');
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
