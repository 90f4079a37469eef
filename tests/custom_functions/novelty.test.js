import assert from 'node:assert/strict';
import { test } from 'node:test';
import { POOL } from '../../custom_functions/recommender/lib/diversity.js';
import { discountPopular } from '../../custom_functions/recommender/lib/novelty.js';

const picks = [
  { index: 0, score: 0.9 },
  { index: 3, score: 0.6 },
  { index: 99, score: 0.2 },
  { index: 5, score: 0 },
];
const order = (list) => list.map(({ index }) => index);

test('no novelty changes nothing', () => {
  assert.deepEqual(discountPopular(picks, 0), picks);
});

test('full novelty divides each score by the square root of its popularity, 1 / rank', () => {
  const found = discountPopular(picks, 1);
  assert.deepEqual(order(found), [99, 3, 0, 5]);
  const expected = [0.2 * 10, 0.6 * 2, 0.9, 0];
  for (const [i, { score }] of found.entries()) assert.ok(Math.abs(score - expected[i]) < 1e-12);
});

test('more novelty never makes the first answer more popular', () => {
  const first = [0, 0.25, 0.5, 0.75, 1].map((novelty) => discountPopular(picks, novelty)[0].index);
  assert.deepEqual(
    first,
    [...first].sort((a, b) => a - b),
  );
  assert.deepEqual([first[0], first.at(-1)], [0, 99]);
});

test('an item without relevance stays last, however rare it is', () => {
  const rare = [...picks, { index: 100_000, score: 0 }, { index: 200_000, score: -1 }];
  assert.deepEqual(order(discountPopular(rare, 1)).slice(3), [5, 100_000, 200_000]);
});

test('only the best answers are reordered', () => {
  const many = Array.from({ length: POOL + 50 }, (_, i) => ({ index: POOL + 50 - i, score: 1 }));
  assert.equal(discountPopular(many, 0.5).length, POOL);
});

test('other properties of an answer stay with it', () => {
  const shares = new Float32Array([1]);
  assert.equal(discountPopular([{ index: 4, score: 1, shares }], 1)[0].shares, shares);
});
