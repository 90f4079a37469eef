import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differs, replayProbes } from '../../custom_functions/recommender/lib/probes.js';
import { toyModel } from './toy_model.js';

const ITEMS = ['a', 'b', 'c'];
const SCORES = [3, 2, 1.999995];
const got = (pairs) => pairs.map(([id, score]) => ({ id, score }));

for (const [what, pairs] of [
  [
    'the same',
    [
      ['a', 3],
      ['b', 2],
      ['c', 1.999995],
    ],
  ],
  [
    'scores within the tolerance',
    [
      ['a', 3.0009],
      ['b', 2],
      ['c', 2],
    ],
  ],
  [
    'neighbours that tie changing places',
    [
      ['a', 3],
      ['c', 2],
      ['b', 1.999995],
    ],
  ],
  [
    'a tie with what stood just behind the last',
    [
      ['a', 3],
      ['b', 2],
      ['d', 1.999995],
    ],
  ],
]) {
  test(`${what} is no difference`, () =>
    assert.equal(differs(got(pairs), ITEMS, SCORES), undefined));
}

for (const [what, pairs] of [
  [
    'a score beyond the tolerance',
    [
      ['a', 3.0011],
      ['b', 2],
      ['c', 2],
    ],
  ],
  [
    'no number',
    [
      ['a', NaN],
      ['b', 2],
      ['c', 2],
    ],
  ],
  [
    'another order',
    [
      ['b', 3],
      ['a', 2],
      ['c', 2],
    ],
  ],
  [
    'another item in front',
    [
      ['d', 3],
      ['b', 2],
      ['c', 2],
    ],
  ],
  [
    'an item twice',
    [
      ['a', 3],
      ['b', 2],
      ['b', 2],
    ],
  ],
  [
    'fewer answers',
    [
      ['a', 3],
      ['b', 2],
    ],
  ],
  [
    'more answers',
    [
      ['a', 3],
      ['b', 2],
      ['c', 2],
      ['d', 1],
    ],
  ],
]) {
  test(`${what} is a difference`, () => assert.match(differs(got(pairs), ITEMS, SCORES), /./));
}

test('nonsense among the probes is refused and never thrown at', async () => {
  const { model, bundle } = await toyModel();
  const good = JSON.parse(bundle.files['probes.json']).probes[0];
  for (const odd of [
    null,
    7,
    {},
    { ...good, strategy: 'none' },
    { ...good, favourites: ['nobody'] },
    { ...good, items: 'song-1' },
  ]) {
    await assert.rejects(replayProbes(model, [good, odd]), {
      name: 'ModelRefused',
      message: /probe 2 of 2/,
    });
  }
  await replayProbes(model, [good]);
  model.dispose();
});
