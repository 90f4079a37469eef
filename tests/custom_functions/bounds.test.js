import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_BOUNDS, boundsOf } from '../../custom_functions/recommender/lib/bounds.js';

for (const [what, manifest, expected] of [
  ['no manifest', undefined, DEFAULT_BOUNDS],
  ['a manifest that does not say', { sizes: { items: 3 } }, DEFAULT_BOUNDS],
  [
    'a manifest that says',
    { sizes: { favourites: 5 }, requests: { limit: 20, exclude: 50 } },
    { favourites: 5, limit: 20, exclude: 50 },
  ],
  [
    'one that says nonsense',
    { sizes: { favourites: 0 }, requests: { limit: '20', exclude: 1.5 } },
    DEFAULT_BOUNDS,
  ],
  [
    'one that asks for too much',
    { sizes: { favourites: 1e6 }, requests: { limit: 1e6, exclude: 1e6 } },
    { favourites: 100, limit: 1000, exclude: 10_000 },
  ],
]) {
  test(`the bounds of ${what}`, () => {
    assert.deepEqual(boundsOf(manifest), expected);
  });
}
