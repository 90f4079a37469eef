/**
 * Compares what a model answers from a strategy's table with what its graph answers.
 */

import assert from 'node:assert/strict';
import { difference } from '../../custom_functions/recommender/lib/probes.js';
import { rank } from '../../custom_functions/recommender/lib/recommend.js';

const NEAR = 1e-3;

/**
 * Asks 1 to 10 favourites, several of each number.
 *
 * @param {import('../../custom_functions/recommender/lib/model.js').Model} model
 * @param {string} strategy With a table.
 * @param {number} [rounds]
 */
export function assertSameAnswers(model, strategy, rounds = 5) {
  let state = 20;
  const next = (n) => (state = (state * 48271) % 2147483647) % n;
  for (let round = 0; round < rounds; round++) {
    for (let count = 1; count <= 10; count++) {
      const favourites = new Set();
      while (favourites.size < count) favourites.add(next(model.size));
      assertSameAnswer(model, strategy, [...favourites]);
    }
  }
}

function assertSameAnswer(model, strategy, favourites) {
  const what = `favourites ${favourites}`;
  const wanted = { shares: true, vectors: true };
  const got = model.answer(strategy, favourites, wanted);
  const expected = model.answer(strategy, favourites, { ...wanted, fromGraph: true });
  assert.deepEqual(Object.keys(got), Object.keys(expected));
  for (const key of Object.keys(expected)) {
    assert.equal(got[key].length, expected[key].length, `${key}, ${what}`);
    assert.equal(got[key].constructor, expected[key].constructor);
  }
  const rows = [got, expected].map((answer) => rowsOf(answer));
  assert.equal(difference(rows[0], columns(rows[1])), undefined, what);
  // Shares and vectors belong to the item: what ties may have changed places.
  const byItem = new Map(rows[1].map((row) => [row.id, row]));
  for (const { id, shares, vector } of rows[0]) {
    const other = byItem.get(id);
    if (!other) continue; // it ties with the last
    assertNear(shares, other.shares, `shares of ${id}, ${what}`);
    assertNear(vector, other.vector, `vector of ${id}, ${what}`);
  }
  assertSameOrder(model, strategy, favourites, what);
}

/** Explained and varied, as a request asks for it. */
function assertSameOrder(model, strategy, favourites, what) {
  const question = { strategy, favourites, exclude: [1, 2], limit: 30, explain: true };
  for (const diversity of [0, 0.4]) {
    const creatorOf = (index) => index % 11;
    const [got, expected] = [false, true].map((fromGraph) =>
      rank(model, { ...question, diversity, creatorOf, fromGraph }).picks.map(({ index }) => index),
    );
    const same = got.filter((index, place) => index === expected[place]).length;
    // Scores that differ in the last digit may swap neighbours, and variety goes on from there.
    assert.ok(same >= 0.9 * expected.length, `${same} of ${expected.length}, ${what}`);
  }
}

function rowsOf({ items, scores, shares, vectors }) {
  const row = (array, place) => {
    const width = array.length / items.length;
    return array.subarray(place * width, (place + 1) * width);
  };
  return [...items]
    .map((id, place) => ({
      id,
      score: scores[place],
      shares: row(shares, place),
      vector: row(vectors, place),
    }))
    .filter(({ id }) => id >= 0);
}

const columns = (rows) => ({
  items: rows.map(({ id }) => id),
  scores: rows.map(({ score }) => score),
});

function assertNear(got, expected, what) {
  for (const [i, value] of got.entries()) {
    assert.ok(Math.abs(value - expected[i]) <= NEAR, `${what}: ${value} and ${expected[i]}`);
  }
}
