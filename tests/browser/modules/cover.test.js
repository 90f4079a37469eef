import assert from 'node:assert/strict';
import { it } from 'node:test';
import { coverOf } from '../../../custom_functions/recommender/ui/src/cover.js';

it('draws the same item the same way, always', () => {
  assert.deepEqual(coverOf('Slayer', 'SO1'), coverOf('Slayer', 'SO1'));
});

it('keeps one ground for one creator, and has many for many', () => {
  const grounds = (creators) => new Set(creators.map((name, i) => coverOf(name, `${i}`).ground));
  assert.equal(grounds(Array(50).fill('Slayer')).size, 1);
  assert.ok(grounds(Array.from({ length: 50 }, (_, i) => `Band ${i}`)).size > 6);
});

it('uses every motif, and draws something for an item without a creator', () => {
  const drawings = Array.from({ length: 300 }, (_, i) =>
    JSON.stringify(coverOf('', `${i}`).shapes),
  );
  assert.ok(new Set(drawings).size > 60);
  assert.ok(drawings.every((drawing) => drawing !== '[]'));
});
