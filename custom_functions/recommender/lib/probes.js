/**
 * A model proves itself: it gives the answers that Python got, or it is refused.
 */

import { ModelRefused } from './errors.js';
import { turn } from './pauses.js';
import { rank } from './recommend.js';

/** Greatest difference of a score. */
export const SCORE_TOLERANCE = 1e-3;
/** How many answers a probe holds; fewer where the strategy had no more to say. */
const ANSWERS = 10;

/** Scores nearer than this may change places. */
export const TIE_TOLERANCE = 1e-5;

/**
 * @param {import('./model.js').Model} model
 * @param {{strategy: string, favourites: string[], items: string[], scores: number[]}[]} probes
 * @throws {ModelRefused} Says which probe and what was wrong.
 */
export async function replayProbes(model, probes) {
  for (const [place, probe] of probes.entries()) {
    const problem = replay(model, probe);
    if (problem) throw new ModelRefused(`probe ${place + 1} of ${probes.length}: ${problem}`);
    // One probe holds the thread as long as one request does; then requests have their turn.
    await turn();
  }
}

function replay(model, probe) {
  const { strategy, favourites, items, scores } = probe ?? {};
  if (![favourites, items, scores].every(Array.isArray)) return 'not well-formed';
  if (!model.strategy(strategy)) return `there is no strategy ${strategy}`;
  const indices = favourites.map((id) => model.indexOf(id));
  if (indices.includes(undefined)) return 'a favourite is not in item_ids.json';
  const { picks } = rank(model, {
    strategy,
    favourites: indices,
    limit: Math.max(items.length, ANSWERS),
  });
  const got = picks.map(({ index, score }) => ({ id: model.idOf(index), score }));
  return differs(got, items, scores);
}

/**
 * @param {{id: string, score: number}[]} got
 * @param {string[]} items What was expected, best first.
 * @param {number[]} scores
 * @returns {string | undefined} What is wrong, if anything.
 */
export function differs(got, items, scores) {
  if (got.length !== items.length) return `${got.length} answers instead of ${items.length}`;
  if (new Set(got.map(({ id }) => id)).size < got.length) return 'an answer stands there twice';
  const expected = new Map(items.map((id, place) => [id, scores[place]]));
  // Something from just behind the last place may tie with it.
  const scoreOf = (id) => (expected.has(id) ? expected.get(id) : scores.at(-1));
  for (const [place, { id, score }] of got.entries()) {
    // Written so that a NaN differs.
    if (!(Math.abs(score - scores[place]) <= SCORE_TOLERANCE)) {
      return `score ${score} instead of ${scores[place]} in place ${place + 1}`;
    }
    if (id !== items[place] && !(Math.abs(scoreOf(id) - scores[place]) <= TIE_TOLERANCE)) {
      return `${id} instead of ${items[place]} in place ${place + 1}`;
    }
  }
  return undefined;
}
