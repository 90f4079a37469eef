import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backendFigures } from '../../custom_functions/recommender/lib/graph.js';
import { toyModel } from './toy_model.js';

test('id to index to id is the identity', async () => {
  const { bundle, model } = await toyModel();
  for (const id of bundle.ids) assert.equal(model.idOf(model.indexOf(id)), id);
  for (const odd of ['', 'nobody', '__proto__', 'constructor', 'toString', 0, null, undefined]) {
    assert.equal(model.indexOf(odd), undefined);
  }
  assert.equal(model.strategy('constructor'), undefined);
  model.dispose();
});

test('the graph answers as plain arithmetic does, for 1 to 10 favourites', async () => {
  const { bundle, model } = await toyModel();
  for (let count = 1; count <= 10; count++) {
    const favourites = Array.from({ length: count }, (_, i) => (i * 7) % 40);
    const expected = bundle.expected('rich', favourites);
    const { items, scores, shares, vectors } = model.answer('rich', favourites, {
      shares: true,
      vectors: true,
    });
    const byIndex = new Map(expected.map((one) => [one.index, one]));
    assert.equal(new Set(items).size, 40);
    for (const [place, index] of items.entries()) {
      const one = byIndex.get(index);
      // What ties within float32 may stand in either order; the score of a place may not.
      assert.ok(Math.abs(one.score - expected[place].score) < 1e-5);
      assert.ok(Math.abs(scores[place] - one.score) < 1e-4);
      one.shares.forEach((share, i) => assert.ok(Math.abs(shares[place * 10 + i] - share) < 1e-4));
      assert.deepEqual([...vectors.subarray(place * 3, place * 3 + 3)], bundle.vectors[index]);
    }
  }
  model.dispose();
});

test('only what was wanted is asked for', async () => {
  const { model } = await toyModel();
  assert.deepEqual(Object.keys(model.answer('rich', [1])), ['items', 'scores']);
  assert.deepEqual(Object.keys(model.answer('plain', [1], { shares: true, vectors: true })), [
    'items',
    'scores',
  ]);
  model.dispose();
});

test('an index that is none never reaches the graph', async () => {
  const { model } = await toyModel();
  for (const odd of [
    [-1],
    [40],
    [1.7],
    [NaN],
    ['1'],
    [undefined],
    [],
    Array.from({ length: 11 }, (_, i) => i),
  ]) {
    assert.throws(() => model.answer('rich', odd), RangeError);
  }
  model.dispose();
});

test('a manifest that names an output the graph lacks is refused, and leaves no tensor', async () => {
  const { model } = await toyModel();
  const before = backendFigures().tensors;
  const strategies = [{ name: 'rich', outputs: { items: 'rich_items', scores: 'no_such' } }];
  await assert.rejects(toyModel({ manifest: { strategies } }), /no output no_such/);
  assert.equal(backendFigures().tensors, before);
  model.dispose();
});

test('probes that do not match are refused, and leave no tensor', async () => {
  const before = backendFigures().tensors;
  const good = { strategy: 'rich', favourites: ['song-0'], items: ['song-1'], scores: [9] };
  await assert.rejects(toyModel({ probes: [good] }), /probe 1 of 1/);
  assert.equal(backendFigures().tensors, before);
});

test('an edition leads to its work, and is no item of its own', async () => {
  const { model } = await toyModel({ editions: { paperback: 3, ['__proto__']: 4, 0: 5 } });
  assert.equal(model.workOf('paperback'), 3);
  assert.equal(model.workOf('song-3'), 3);
  assert.equal(model.workOf('__proto__'), 4);
  assert.equal(model.workOf('0'), 5);
  assert.equal(model.indexOf('paperback'), undefined);
  for (const odd of ['', 'nobody', 'constructor', 0, null, undefined]) {
    assert.equal(model.workOf(odd), undefined);
  }
  model.dispose();
});

test('an edition under an item’s own id is refused, and leaves no tensor', async () => {
  const before = backendFigures().tensors;
  await assert.rejects(toyModel({ editions: { 'song-4': 3 } }), /editions.json/);
  assert.equal(backendFigures().tensors, before);
});

test('a dictionary that holds an id twice is refused, and leaves no tensor', async () => {
  const before = backendFigures().tensors;
  await assert.rejects(toyModel({ ids: ['a', 'b', 'a'] }), {
    name: 'ModelRefused',
    message: /twice/,
  });
  assert.equal(backendFigures().tensors, before);
});
