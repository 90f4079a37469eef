import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readIds, writeIds } from '../../custom_functions/recommender/lib/listed_ids.js';

const through = (ids) => readIds(new URLSearchParams(`ids=${writeIds(ids)}`).get('ids'));

test('ids with commas, percent signs and other marks come back as they were', () => {
  const ids = ['a', 'b,c', '100%', '%2C', 'x&y=z', 'ö +'];
  assert.deepEqual(through(ids), ids);
});

test('nothing, empty ids and repeated ones are left out', () => {
  assert.deepEqual(readIds(null), []);
  assert.deepEqual(readIds(',a,,b,a,'), ['a', 'b']);
});

test('an id that cannot be decoded is taken as it is', () => {
  assert.deepEqual(readIds('%E0%A4%A,b'), ['%E0%A4%A', 'b']);
});
