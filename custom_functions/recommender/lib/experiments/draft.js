/**
 * Team-draft interleaving: one list of two rankings, and which of them added each item (Radlinski, Kurup & Joachims,
 * "How does clickthrough data reflect retrieval quality?", CIKM 2008). The coins are hashed from the question, so
 * the same question gets the same list on every node. See docs/experiments.md.
 */

import { createHash } from 'node:crypto';

/**
 * @param {string} salt The experiment's.
 * @param {string} session
 * @param {string[]} favourites Ids in any order.
 * @returns {(round: number) => boolean} Whether the challenger picks first in that round, from 0.
 */
export function coinsOf(salt, session, favourites) {
  // By UTF-16 code units, as every JavaScript engine sorts; docs/experiments.md says so.
  const question = [...favourites].sort().join('\0');
  const bits = createHash('sha256').update(`${salt}\0draft\0${session}\0${question}`).digest();
  return (round) => isSet(bits, round % (8 * bits.length));
}

/**
 * @template T
 * @param {{champion: T[], challenger: T[]}} rankings The best first. For a list of `limit` items, so many of each
 *   are enough.
 * @param {object} options
 * @param {number} options.limit Most items of the list.
 * @param {(item: T) => unknown} options.keyOf Items with the same key are the same.
 * @param {(round: number) => boolean} options.coin
 * @returns {{items: T[], teams: boolean[]}} `teams`: for each place, whether the challenger added its item.
 */
export function draft({ champion, challenger }, { limit, keyOf, coin }) {
  const items = [];
  const teams = [];
  const taken = new Set();
  const sides = [champion, challenger].map((ranking) => ranking[Symbol.iterator]());

  function pick(team) {
    for (;;) {
      const { value, done } = sides[team].next();
      if (done) return;
      if (taken.has(keyOf(value))) continue;
      taken.add(keyOf(value));
      items.push(value);
      teams.push(team === 1);
      return;
    }
  }

  for (let round = 0; items.length < limit; round++) {
    const before = items.length;
    const first = coin(round) ? 1 : 0;
    pick(first);
    if (items.length < limit) pick(1 - first);
    if (items.length === before) break;
  }
  return { items, teams };
}

const isSet = (bytes, bit) => ((bytes[bit >> 3] >> (7 - (bit & 7))) & 1) === 1;
