/**
 * Variety: maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998), as docs/bundle.md says it; Python
 * does the same.
 */

/** How many of the best answers are re-ranked. */
export const POOL = 200;

/**
 * The weight of unlikeness for a requested diversity. The same weight costs one model little and another most of
 * its quality, so the manifest carries a scale on which equal steps cost about equally much.
 *
 * @param {number} diversity 0..1, as requested.
 * @param {number[]} [scale] The strategy's: weights at evenly spaced diversities from 0 to 1, never falling.
 *   Without one, the weight is the diversity itself.
 * @returns {number} 0..1
 */
export function weightOf(diversity, scale) {
  if (!scale || diversity === 0) return diversity;
  const at = diversity * (scale.length - 1);
  const below = Math.min(Math.floor(at), scale.length - 2);
  return scale[below] + (at - below) * (scale[below + 1] - scale[below]);
}

/**
 * @param {{index: number, score: number, vector?: Float32Array}[]} picks Best first, already without
 *   favourites and exclusions.
 * @param {object} options
 * @param {number} options.diversity 0..1, a weight as `weightOf` returns it; 0 changes nothing.
 * @param {number} options.limit How many are wanted.
 * @param {(index: number) => number} options.creatorOf Same number, same creator; -1 is nobody.
 * @returns {object[]} At most `limit` of the picks, in their new order.
 */
export function diversify(picks, { diversity, limit, creatorOf }) {
  if (diversity === 0) return picks.slice(0, limit);
  const pool = picks
    .slice(0, POOL)
    .map((pick, place) => ({ pick, place, creator: creatorOf(pick.index), nearest: 0 }));
  const most = Math.max(1, Math.floor((1 - diversity) * limit + 0.5));
  const relevance = relevances(pool);
  const counts = new Map();
  const chosen = [];
  const skipped = [];
  const left = new Set(pool.keys());
  while (left.size && chosen.length < limit) {
    const best = greatest(
      left,
      (i) => (1 - diversity) * relevance[i] - diversity * pool[i].nearest,
    );
    left.delete(best);
    const one = pool[best];
    if (one.creator >= 0 && (counts.get(one.creator) ?? 0) >= most) {
      skipped.push(one);
      continue;
    }
    counts.set(one.creator, (counts.get(one.creator) ?? 0) + 1);
    chosen.push(one);
    for (const i of left) pool[i].nearest = Math.max(pool[i].nearest, likeness(pool[i], one));
  }
  skipped.sort((a, b) => a.place - b.place);
  return [...chosen, ...skipped].slice(0, limit).map(({ pick }) => pick);
}

function relevances(pool) {
  const scores = pool.map(({ pick }) => pick.score);
  const least = Math.min(...scores);
  const width = Math.max(...scores) - least;
  return scores.map((score) => (width > 0 ? (score - least) / width : 1));
}

// A set keeps its order, so the earlier one of the pool wins where two are equal.
function greatest(places, value) {
  let best;
  let height = -Infinity;
  for (const place of places) {
    const found = value(place);
    if (found > height) [best, height] = [place, found];
  }
  return best;
}

function likeness(a, b) {
  if (a.creator >= 0 && a.creator === b.creator) return 1;
  if (!a.pick.vector || !b.pick.vector) return 0;
  let product = 0;
  for (let i = 0; i < a.pick.vector.length; i++) product += a.pick.vector[i] * b.pick.vector[i];
  return Math.max(0, product);
}
