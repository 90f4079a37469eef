import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BestItems } from '../../custom_functions/recommender/lib/best_items.js';

const random = (state) => () => (state = (Math.imul(state, 48271) >>> 0) % 2147483647);

/** By sorting: [items, scores]. */
function sorted(scores, count) {
  const order = [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b).slice(0, count);
  return [order, order.map((item) => scores[item])];
}

test('what is kept is what sorting puts first, equal scores by index, in whatever order they come', () => {
  const next = random(7);
  for (let round = 0; round < 300; round++) {
    // Few different scores, so that many are equal.
    const scores = Array.from({ length: next() % 60 }, () => next() % 9);
    const count = next() % 20;
    const best = new BestItems(count);
    const order = [...scores.keys()].sort(() => (next() % 2) - 0.5);
    for (const item of order) best.offer(item, scores[item]);
    const { items, scores: kept } = best.ranked();
    const [expected, values] = sorted(scores, count);
    const padding = count - expected.length;
    assert.deepEqual([...items], [...expected, ...Array(padding).fill(-1)]);
    assert.deepEqual([...kept], [...values, ...Array(padding).fill(0)]);
  }
});

test('an offer says whether a lower score can still be kept', () => {
  const best = new BestItems(2);
  assert.deepEqual([best.offer(5, 1), best.offer(6, 3)], [true, true]);
  assert.equal(best.offer(7, 0.5), false);
  // Equal to the worst: too late by index, but another equal one may come earlier.
  assert.equal(best.offer(8, 1), true);
  assert.equal(best.offer(2, 1), true);
  assert.deepEqual([...best.ranked().items], [6, 2]);
});

test('no places keep nothing', () => {
  const best = new BestItems(0);
  assert.equal(best.offer(0, 1), false);
  assert.deepEqual([...best.ranked().items], []);
});
