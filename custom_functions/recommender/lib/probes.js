/**
 * A model must answer its probes as it did when it was exported, or it is refused. What counts as the same answer
 * is said in docs/bundle.md, and tested in both languages with tests/cases/probes.json.
 */

import { ModelRefused } from './errors.js';
import { yieldThread } from './pauses.js';
import { rank } from './recommend.js';

/** Greatest difference of a score: float16 weights, and sums in another order. */
const SCORE_TOLERANCE = 1e-3;

/** Items whose expected scores differ by no more than this tie. */
const TIE_TOLERANCE = 1e-5;

/** How many answers a probe holds; one with fewer holds all that the strategy has. */
const ANSWERS = 10;

/**
 * Asks the graph each probe, and the strategy's table where there is one.
 *
 * @param {import('./model.js').Model} model
 * @param {{strategy: string, favourites: string[], items: string[], scores: number[]}[]} probes
 * @throws {ModelRefused} Says which probe and what was wrong.
 */
export async function replayProbes(model, probes) {
  for (const [place, probe] of probes.entries()) {
    const ways = model.hasTable(probe?.strategy)
      ? [fromGraph, fromTable, sameVectors]
      : [fromGraph];
    for (const replay of ways) {
      const problem = replay(model, probe);
      if (problem) throw new ModelRefused(`probe ${place + 1} of ${probes.length}: ${problem}`);
      // One probe holds the thread as long as one request does; then requests get theirs.
      await yieldThread();
    }
  }
}

const fromGraph = (model, probe) => replay(model, probe, { fromGraph: true });

function fromTable(model, probe) {
  const problem = replay(model, probe, { fromGraph: false });
  return problem && `from the table: ${problem}`;
}

// No probe holds vectors, so the table's are compared with the graph's.
function sameVectors(model, { strategy, favourites }) {
  if (!model.strategy(strategy).outputs.vectors) return undefined;
  const indices = favourites.map((id) => model.indexOf(id));
  const best = model.answer(strategy, indices, { vectors: true, results: 1 });
  const { items, vectors } = model.answer(strategy, indices, { vectors: true, fromGraph: true });
  const dim = vectors.length / items.length;
  // What ties with the best may stand before it in the graph's answer.
  const row = items.indexOf(best.items[0]) * dim;
  const isSame =
    row >= 0 &&
    best.vectors.length === dim &&
    best.vectors.every((value, k) => near(value, vectors[row + k], SCORE_TOLERANCE));
  return isSame ? undefined : 'from the table: its vectors are not those of the graph';
}

function replay(model, probe, way) {
  const { strategy, favourites, items, scores } = probe ?? {};
  if (![favourites, items, scores].every(Array.isArray)) return 'malformed';
  if (!model.strategy(strategy)) return `there is no strategy ${strategy}`;
  const indices = favourites.map((id) => model.indexOf(id));
  if (indices.includes(undefined)) return 'a favourite is not in item_ids.json';
  // As many as a probe may hold, so that one more than expected shows.
  const limit = Math.max(items.length, ANSWERS);
  const { picks } = rank(model, { strategy, favourites: indices, limit, ...way });
  const got = picks.map(({ index, score }) => ({ id: model.idOf(index), score }));
  return difference(got, { items, scores });
}

/**
 * @param {{id: string, score: number}[]} got
 * @param {{items: string[], scores: number[]}} expected Best first.
 * @returns {string | undefined} How they differ, in one line.
 */
export function difference(got, { items, scores }) {
  if (got.length !== items.length) return `${got.length} answers instead of ${items.length}`;
  if (new Set(got.map(({ id }) => id)).size < got.length) return 'an item is answered twice';
  const scoreOf = new Map(items.map((id, place) => [id, scores[place]]));
  // Where the list was cut off, an item that was cut off may tie with the last.
  const scoreOfOthers = items.length < ANSWERS ? NaN : scores.at(-1);
  for (const [place, { id, score }] of got.entries()) {
    if (!near(score, scores[place], SCORE_TOLERANCE)) {
      return `score ${score} instead of ${scores[place]} in place ${place + 1}`;
    }
    const own = scoreOf.has(id) ? scoreOf.get(id) : scoreOfOthers;
    if (id !== items[place] && !near(own, scores[place], TIE_TOLERANCE)) {
      return `item ${id} instead of ${items[place]} in place ${place + 1}`;
    }
  }
  return undefined;
}

// False for what is no number.
const near = (a, b, tolerance) => Number.isFinite(a) && Math.abs(a - b) <= tolerance;
