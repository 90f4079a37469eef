/**
 * Less popular items first: scores are divided by a power of the item's popularity (Steck, "Item popularity and
 * recommendation accuracy", RecSys 2011), as docs/bundle.md specifies.
 */

import { POOL } from './diversity.js';

/** The power at `novelty` 1: a score is then divided by the square root of the popularity. */
const GREATEST_POWER = 0.5;

/**
 * @template {{index: number, score: number}} Pick
 * @param {Pick[]} picks Best first, already without favourites and exclusions. Indices are ordered by popularity.
 * @param {number} novelty 0..1; 0 changes nothing.
 * @returns {Pick[]} The first `POOL` picks in their new order, with their new scores.
 */
export function discountPopular(picks, novelty) {
  if (novelty === 0) return picks;
  // A model holds no counts. By Zipf's law popularity goes as 1 / rank, so dividing is multiplying by the rank.
  const discounted = ({ index, score }) =>
    Math.max(0, score) * (1 + index) ** (novelty * GREATEST_POWER);
  return picks
    .slice(0, POOL)
    .map((pick) => ({ ...pick, score: discounted(pick) }))
    .sort((a, b) => b.score - a.score);
}
