/**
 * Exploration: now and then a place goes to an item that the model knows little about, because visitors cannot
 * like what they are never shown. The rule and its propensity are specified in docs/events.md.
 */

/** The first three places are never explored. */
const FIRST = 3; // 0-based
/** A signed answer names an explored place in one byte. */
const LAST = 255;
/** From how many of the model's next answers an item is drawn. */
export const CANDIDATES = 20;

/**
 * @typedef {{share: number, from: number, random: () => number}} Exploration `share` of the places go to items
 *   with an index of at least `from`; indices are ordered by popularity.
 */

/**
 * @param {{explore?: {share?: number, from?: number}}} manifest
 * @param {() => number} [random] Uniform in [0, 1); without it nothing is explored.
 * @returns {Exploration | undefined}
 */
export function explorationOf({ explore }, random) {
  if (!explore || !random) return undefined;
  const { share, from } = explore;
  const isShare = Number.isFinite(share) && share > 0 && share <= 1;
  const isSound = isShare && Number.isInteger(from) && from >= 0;
  return isSound ? { share, from, random } : undefined;
}

/**
 * @param {Exploration | undefined} exploration
 * @param {number} limit How many items the answer has.
 * @returns {number[]} 0-based places, ascending: each from the fourth on with the probability `share`.
 */
export function placesToExplore(exploration, limit) {
  const places = [];
  if (!exploration) return places;
  for (let place = FIRST; place < Math.min(limit, LAST); place++) {
    if (exploration.random() < exploration.share) places.push(place);
  }
  return places;
}

/**
 * Puts a little-known item into each place; the others keep their order and make room at the end.
 *
 * @template {{index: number}} Pick
 * @param {Pick[]} chosen The answer without exploration.
 * @param {Pick[]} ranked The model's ranking, of which `chosen` is a part.
 * @param {number[]} places What `placesToExplore` returned.
 * @param {Exploration} [exploration]
 * @returns {{picks: (Pick & {explored?: true})[], propensity?: number}} `propensity`: how likely a candidate was
 *   to stand in an explored place; the same for all of them. Missing if no place was explored.
 */
export function exploreAt(chosen, ranked, places, exploration) {
  const pool = places.length ? candidates(chosen, ranked, exploration.from) : [];
  // With fewer candidates than places, only as many of the last places can be explored: each of them then has one.
  const first = chosen.length - pool.length;
  const explored = new Set(places.filter((place) => place >= first && place < chosen.length));
  if (!explored.size) return { picks: chosen };
  const propensity = exploration.share / pool.length;
  let kept = 0;
  const picks = chosen.map((_, place) =>
    explored.has(place) ? { ...takeOne(pool, exploration.random), explored: true } : chosen[kept++],
  );
  return { picks, propensity };
}

function candidates(chosen, ranked, from) {
  const shown = new Set(chosen.map(({ index }) => index));
  const isCandidate = ({ index }) => index >= from && !shown.has(index);
  return ranked.filter(isCandidate).slice(0, CANDIDATES);
}

const takeOne = (pool, random) => pool.splice(Math.floor(random() * pool.length), 1)[0];
