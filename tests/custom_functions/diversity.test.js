import assert from 'node:assert/strict';
import { test } from 'node:test';
import { POOL, diversify, weightOf } from '../../custom_functions/recommender/lib/diversity.js';

const nobody = () => -1;
const picks = (...scores) => scores.map((score, index) => ({ index, score }));
const order = (chosen) => chosen.map(({ index }) => index);

test('0 changes nothing', () => {
  assert.deepEqual(
    order(diversify(picks(3, 2, 1), { diversity: 0, limit: 2, creatorOf: () => 7 })),
    [0, 1],
  );
});

test('a creator fills no more than his part, and the skipped follow where others run out', () => {
  const creatorOf = (index) => (index < 4 ? 1 : -1);
  const some = { diversity: 0.5, limit: 4, creatorOf };
  const chosen = order(diversify(picks(9, 8, 7, 6, 2, 1), some));
  assert.equal(chosen.filter((index) => index < 4).length, 2);
  const alone = order(diversify(picks(9, 8, 7, 6), some));
  assert.deepEqual(alone, [0, 1, 2, 3]);
});

test('the part of a creator is rounded half up', () => {
  // (1 − 0.35) · 10 = 6.5, and his items are so far ahead that only the bound stops them.
  const options = { diversity: 0.35, limit: 10, creatorOf: (index) => (index < 20 ? 1 : -1) };
  const scores = Array.from({ length: 40 }, (_, i) => (i < 20 ? 1 : 0));
  const chosen = order(diversify(picks(...scores), options));
  assert.equal(chosen.filter((index) => index < 20).length, 7);
});

test('likeness of vectors is traded against score', () => {
  const vector = (...values) => Float32Array.from(values);
  const all = [
    { index: 0, score: 1, vector: vector(1, 0) },
    { index: 1, score: 0.9, vector: vector(1, 0) },
    { index: 2, score: 0.5, vector: vector(0, 1) },
    { index: 3, score: 0, vector: vector(-1, 0) },
  ];
  const with_ = (diversity) => order(diversify(all, { diversity, limit: 4, creatorOf: nobody }));
  assert.deepEqual(with_(0.1), [0, 1, 2, 3]);
  // Place two: 0.5 · 0.9 − 0.5 · 1 against 0.5 · 0.5; a likeness below 0 counts as 0.
  assert.deepEqual(with_(0.5), [0, 2, 3, 1]);
});

test('equal ones keep the order of the pool', () => {
  const chosen = diversify(picks(1, 1, 1), { diversity: 0.9, limit: 3, creatorOf: nobody });
  assert.deepEqual(order(chosen), [0, 1, 2]);
});

test('results are distinct, from the pool, and as many as wanted', () => {
  const many = picks(...Array.from({ length: 500 }, (_, i) => 500 - i));
  for (const diversity of [0.01, 0.3, 0.7, 1]) {
    const chosen = order(diversify(many, { diversity, limit: 100, creatorOf: (i) => i % 3 }));
    assert.equal(new Set(chosen).size, 100);
    assert.ok(chosen.every((index) => index < POOL));
    assert.equal(chosen[0], 0);
  }
  assert.deepEqual(diversify([], { diversity: 1, limit: 3, creatorOf: nobody }), []);
});

test('a requested diversity becomes the weight that the scale has there, or between two points', () => {
  const scale = [0, 0.3, 0.5, 0.6, 1];
  const at = [0, 0.25, 0.5, 1].map((diversity) => weightOf(diversity, scale));
  assert.deepEqual(at, [0, 0.3, 0.5, 1]);
  assert.ok(Math.abs(weightOf(0.375, scale) - 0.4) < 1e-12);
  assert.ok(Math.abs(weightOf(0.9, scale) - 0.84) < 1e-12);
});

test('without a scale, a requested diversity is the weight', () => {
  for (const diversity of [0, 0.3, 1]) assert.equal(weightOf(diversity, undefined), diversity);
});

test('0 changes nothing, whatever the scale says', () => {
  assert.equal(weightOf(0, [0.2, 1]), 0);
});
