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
  const pool = picks.slice(0, POOL);
  const creators = pool.map(({ index }) => creatorOf(index));
  const most = Math.max(1, Math.floor((1 - diversity) * limit + 0.5));
  const candidates = createCandidates(pool, creators, diversity);
  const counts = new Map();
  const chosen = [];
  const skipped = [];
  while (candidates.left && chosen.length < limit) {
    const place = candidates.takeBest();
    const count = counts.get(creators[place]) ?? 0;
    if (creators[place] >= 0 && count >= most) {
      skipped.push(place);
      continue;
    }
    counts.set(creators[place], count + 1);
    chosen.push(place);
    candidates.compareWith(place);
  }
  skipped.sort((a, b) => a - b);
  return [...chosen, ...skipped].slice(0, limit).map((place) => pool[place]);
}

/**
 * The places of the pool that are left, each with its value. Up to 20,000 pairs are compared for one answer, so
 * everything lies in typed arrays.
 */
function createCandidates(pool, creators, diversity) {
  const relevance = relevances(pool);
  const nearest = new Float64Array(pool.length); // greatest likeness to one that was taken
  const places = Uint16Array.from(pool.keys()); // the first `left` of them, in the pool's order
  const vectors = matrix(pool);
  const dim = vectors.length / pool.length;
  let left = pool.length;

  return {
    get left() {
      return left;
    },

    /** @returns {number} The place of the greatest value, the earlier one of the pool where two are equal. */
    takeBest() {
      let best = 0;
      let height = -Infinity;
      for (let i = 0; i < left; i++) {
        const value = (1 - diversity) * relevance[places[i]] - diversity * nearest[places[i]];
        if (value > height) [best, height] = [i, value];
      }
      const place = places[best];
      places.copyWithin(best, best + 1, left--);
      return place;
    },

    compareWith(place) {
      const creator = creators[place];
      const row = place * dim;
      for (let i = 0; i < left; i++) {
        const other = places[i];
        const likeness =
          creator >= 0 && creators[other] === creator ? 1 : product(vectors, other * dim, row, dim);
        if (likeness > nearest[other]) nearest[other] = likeness;
      }
    },
  };
}

function relevances(pool) {
  const scores = pool.map(({ score }) => score);
  const least = Math.min(...scores);
  const width = Math.max(...scores) - least;
  return Float64Array.from(scores, (score) => (width > 0 ? (score - least) / width : 1));
}

/** [pool, D] All vectors, row after row; empty where a strategy has none. */
function matrix(pool) {
  const dim = pool[0]?.vector?.length ?? 0;
  const rows = new Float32Array(pool.length * dim);
  if (dim) for (const [place, { vector }] of pool.entries()) rows.set(vector, place * dim);
  return rows;
}

function product(vectors, a, b, dim) {
  let sum = 0;
  for (let k = 0; k < dim; k++) sum += vectors[a + k] * vectors[b + k];
  return sum;
}
