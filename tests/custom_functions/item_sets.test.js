import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ItemSet } from '../../custom_functions/recommender/lib/item_sets.js';

const SIZE = 100;
const setOf = (...items) => new ItemSet(SIZE).add(Uint32Array.from(items), 0, items.length);

test('the first of a set are its lowest indices, each once', () => {
  const set = setOf(99, 31, 32, 0, 64, 63, 31);
  assert.deepEqual(set.first(100), [0, 31, 32, 63, 64, 99]);
  assert.deepEqual(set.first(2), [0, 31]);
  assert.deepEqual(set.first(0), []);
});

test('only a slice of a list is added', () => {
  assert.deepEqual(new ItemSet(SIZE).add(Uint32Array.of(5, 6, 7, 8), 1, 3).first(9), [6, 7]);
});

test('sets are intersected and united', () => {
  assert.deepEqual(
    setOf(1, 40, 99)
      .intersect(setOf(40, 99, 2))
      .first(9),
    [40, 99],
  );
  assert.deepEqual(
    setOf(3)
      .addCommon(setOf(1, 40, 70), setOf(40, 70, 2))
      .first(9),
    [3, 40, 70],
  );
});

test('a filled set changes nothing when it is intersected', () => {
  assert.deepEqual(setOf(0, 31, 99).intersect(new ItemSet(SIZE).fill()).first(9), [0, 31, 99]);
});
