/**
 * Answers from a strategy's table are the graph's. The toy's table holds pairs alone; bundles.test.js does the same
 * with exported ones, with and without a blend.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBundle } from '../../custom_functions/recommender/lib/bundle.js';
import { backendFigures } from '../../custom_functions/recommender/lib/graph.js';
import { openItemScores } from '../../custom_functions/recommender/lib/item_scores.js';
import { recommend } from '../../custom_functions/recommender/lib/recommend.js';
import { fakeDatabase, push } from './fake_harper.js';
import { assertSameAnswers } from './same_answers.js';
import { toyBundle } from './toy_bundle.js';
import { toyModel } from './toy_model.js';

const right = (table) => table;

test('for 1 to 10 favourites, items, scores, shares and vectors are those of the graph', async () => {
  for (const seed of [1, 2, 3]) {
    const { model } = await toyModel({ table: right, seed });
    assert.ok(model.hasTable('rich') && !model.hasTable('plain'));
    assertSameAnswers(model, 'rich');
    model.dispose();
  }
});

test('an answer holds as many items as were asked for, and the first ones', async () => {
  const { model } = await toyModel({ table: right });
  const all = model.answer('rich', [3, 4], { shares: true, vectors: true });
  assert.equal(all.items.length, 40);
  for (const results of [1, 7, 40, 1000]) {
    const some = model.answer('rich', [3, 4], { results, shares: true, vectors: true });
    const length = Math.min(results, 40);
    for (const key of Object.keys(all)) {
      const width = all[key].length / 40;
      assert.deepEqual(some[key], all[key].slice(0, length * width));
    }
  }
  model.dispose();
});

test('requests are answered alike with and without a table', async () => {
  const [{ model: direct }, { model: graph }] = [
    await toyModel({ table: right }),
    await toyModel(),
  ];
  assert.ok(!graph.hasTable('rich'));
  const ids = Array.from({ length: 40 }, (_, i) => `song-${i}`);
  for (let count = 1; count <= 10; count++) {
    for (const more of [{}, { explain: true }, { diversity: 0.6 }, { novelty: 0.5 }]) {
      const request = {
        favourites: ids.slice(count, 2 * count),
        exclude: ids.slice(0, count),
        limit: 12,
        explain: false,
        diversity: 0,
        novelty: 0,
        ...more,
      };
      const [got, expected] = [direct, graph].map((model) =>
        recommend(model, request, (index) => index % 7),
      );
      assert.deepEqual(got.recommendations.map(rounded), expected.recommendations.map(rounded));
    }
  }
  for (const model of [direct, graph]) model.dispose();
});

const rounded = ({ id, score, because = [] }) => ({
  id,
  score: score.toFixed(4),
  because: because.map((one) => ({ id: one.id, share: one.share.toFixed(4) })),
});

test('equal scores are ordered by index, and items without a score end the list', async () => {
  // Favourite 0 has three pairs; the graph, which does not know, would refuse: so the probe asks for another.
  const weights = ({ offsets, neighbours, pairs, ...others }) => {
    const few = pairs.map((weight, i) =>
      i < 40 ? ({ 9: 0.5, 4: 0.5, 20: 0.75 }[i] ?? 0) : weight,
    );
    return { offsets, neighbours, pairs: few, ...others };
  };
  const { bundle } = await toyModel();
  const { probes } = JSON.parse(bundle.files['probes.json']);
  const other = probes.filter(({ favourites }) => !favourites.includes('song-0'));
  const { model } = await toyModel({ table: right, weights, probes: other });
  const { items, scores } = model.answer('rich', [0], { results: 5 });
  assert.deepEqual([...items], [20, 4, 9, -1, -1]);
  assert.deepEqual([...scores], [0.75, 0.5, 0.5, 0, 0]);
  model.dispose();
});

test('query factors are averaged, and added up in models of an earlier release', async () => {
  const factors = Array.from({ length: 40 }, (_, i) => (i < 20 ? 0.25 : 0.75));
  const weights = (all) => ({ ...all, pairs: all.pairs.fill(0), factors });
  const answerOf = async (unrelated) => {
    const bundle = toyBundle({ table: (table) => ({ ...table, unrelated }), weights });
    const read = await readBundle(push(fakeDatabase(), bundle), bundle.manifest.version);
    const strategy = read.manifest.strategies.find(({ name }) => name === 'rich');
    const scores = await openItemScores(read, strategy);
    return scores.answer([1, 2, 30], { results: 40, shares: true });
  };
  const [averaged, summed] = [await answerOf('mean'), await answerOf(undefined)];
  assert.equal(averaged.scores[0], Math.fround((1.25 / 3) * 0.75));
  assert.equal(summed.scores[0], Math.fround(1.25 * 0.75));
  for (const { items, shares } of [averaged, summed]) {
    assert.ok(items[0] >= 20);
    assert.deepEqual(
      [...shares.subarray(0, 3)].map((share) => share.toFixed(4)),
      ['0.2000', '0.2000', '0.6000'],
    );
  }
});

test('an answer makes no tensor, and the next one knows nothing of it', async () => {
  const { model } = await toyModel({ table: right });
  const before = backendFigures().tensors;
  const first = model.answer('rich', [5]);
  for (let i = 0; i < 200; i++) model.answer('rich', [i % 40], { shares: true, vectors: true });
  assert.deepEqual(model.answer('rich', [5]), first);
  assert.equal(backendFigures().tensors, before);
  model.dispose();
});

const ofNew = (flags) => ({ new_items: flags, new_blend: 1, new_weight: 1 });

const WRONG_TABLES = {
  'a weight that is not there': [{ offsets: 'nowhere' }, /no numeric weight nowhere/],
  'no name': [{ neighbours: 7 }, /table.neighbours names no weight/],
  'a missing column': [{ vectors: undefined }, /table.vectors names no weight/],
  'floats for integers': [{ neighbours: 'pairs' }, /table.neighbours: pairs is of type float32/],
  'integers for floats': [{ weights: 'neighbours' }, /table.weights: neighbours is of type int32/],
  'offsets of another length': [{ offsets: 'neighbours' }, /table.offsets has 1600 numbers/],
  'weights of another length': [{ weights: 'factors' }, /table.weights has 40 numbers/],
  'factors of another length': [{ query_factor: 'pairs' }, /table.query_factor has 1600 numbers/],
  'item factors of another length': [{ item_factor: 'vectors' }, /table.item_factor has 120/],
  'a blend that is no number': [{ blend: '0' }, /table.blend is no number/],
  'new items without a blend': [{ new_items: 'factors' }, /table.new_blend is no number/],
  'new items without a weight': [{ new_items: 'factors', new_blend: 1 }, /new_weight is no number/],
  'a weight of new items below 0': [
    { ...ofNew('factors'), new_weight: -1 },
    /new_weight is negative/,
  ],
  'flags of another length': [ofNew('pairs'), /table.new_items has 1600/],
  'another way to combine factors': [{ unrelated: 'median' }, /table.unrelated is not "mean"/],
  'a divisor of 0': [{ divisor: 0 }, /table.divisor is not positive/],
  // In range, but not what the graph computes with.
  'another divisor': [{ divisor: 2 }, /from the table: score/],
  'other vectors': [{ vectors: 'pairs' }, /from the table: its vectors/],
};

for (const [what, [wrong, reason]] of Object.entries(WRONG_TABLES)) {
  test(`a table with ${what} is refused, and leaves no tensor`, async () => {
    await refused({ table: (table) => ({ ...table, ...wrong }) }, reason);
  });
}

const WRONG_WEIGHTS = {
  'falling offsets': [{ offsets: (values) => values.with(3, 0) }, /offsets is out of range/],
  'a first offset that is not 0': [{ offsets: (values) => values.with(0, 1) }, /offsets/],
  'offsets beyond the pairs': [{ offsets: (values) => values.with(40, 1601) }, /offsets/],
  'a neighbour that is no item': [{ neighbours: (values) => values.with(77, 40) }, /place 77/],
  'a negative neighbour': [{ neighbours: (values) => values.with(1599, -1) }, /place 1599/],
  'a weight that is no number': [{ pairs: (values) => values.with(9, NaN) }, /weights.*place 9/],
  'a weight below 0': [{ pairs: (values) => values.with(9, -1) }, /weights.*place 9/],
  'an infinite factor': [{ factors: (values) => values.with(5, Infinity) }, /factor.*place 5/],
  'a factor below 0': [{ factors: (values) => values.with(5, -1) }, /factor.*place 5/],
  'factors that the graph has not': [{ factors: (values) => values.fill(1) }, /from the table/],
  'weights of other pairs': [{ pairs: (values) => values.reverse() }, /from the table/],
};

for (const [what, [change, reason]] of Object.entries(WRONG_WEIGHTS)) {
  test(`a table with ${what} is refused, and leaves no tensor`, async () => {
    const [[name, changed]] = Object.entries(change);
    const weights = (all) => ({ ...all, [name]: changed(all[name]) });
    await refused({ table: right, weights }, reason);
  });
}

test('a flag of a new item is 0 or 1', async () => {
  const table = (right) => ({ ...right, ...ofNew('factors') });
  const weights = ({ factors, ...others }) => ({ ...others, factors: factors.with(7, 0.5) });
  await refused({ table, weights }, /table.new_items is out of range in place 7/);
});

async function refused(options, message) {
  const { model } = await toyModel(); // the backend has started
  const before = backendFigures().tensors;
  await assert.rejects(toyModel(options), { name: 'ModelRefused', message });
  assert.equal(backendFigures().tensors, before);
  model.dispose();
}
