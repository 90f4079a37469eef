import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BROUGHT, recommend } from '../../custom_functions/recommender/lib/recommend.js';
import { toyModel } from './toy_model.js';

let model;
let bundle;
const EDITIONS = { 'paperback-1': 1, 'large-print-1': 1, 'paperback-6': 6 };
before(async () => ({ model, bundle } = await toyModel({ editions: EDITIONS })));
after(() => model.dispose());

const ask = (request, creatorOf = (index) => index % 7) =>
  recommend(model, { exclude: [], limit: 10, explain: false, diversity: 0, ...request }, creatorOf);
const ids = ({ recommendations }) => recommendations.map(({ id }) => id);

test('the best are given, without favourites and exclusions', () => {
  const answer = ask({ favourites: ['song-1', 'song-2'], exclude: ['song-6', 'nobody'] });
  const dropped = new Set([1, 2, 6]);
  const expected = bundle.expected('rich', [1, 2]).filter(({ index }) => !dropped.has(index));
  assert.deepEqual(
    ids(answer),
    expected.slice(0, 10).map(({ index }) => `song-${index}`),
  );
  assert.equal(answer.strategy, 'rich');
  assert.deepEqual(answer.unknown, []);
  assert.ok(answer.recommendations.every((one) => !('because' in one)));
});

test('scores never rise and have seven digits', () => {
  const { recommendations } = ask({ favourites: ['song-3'], limit: 100 });
  assert.equal(recommendations.length, 39);
  recommendations.reduce((last, { score }) => {
    assert.ok(score <= last);
    assert.equal(score, Number(score.toPrecision(7)));
    return score;
  }, Infinity);
});

test('a favourite given twice is one, an unknown one is told once', () => {
  const twice = ask({ favourites: ['song-1', 'song-1', 'who', 'who'] });
  assert.deepEqual(ids(twice), ids(ask({ favourites: ['song-1'] })));
  assert.deepEqual(twice.unknown, ['who']);
});

test('a favourite by an edition’s id is the work, and two editions are one favourite', () => {
  const work = ask({ favourites: ['song-1', 'song-2'] });
  for (const one of [
    ['paperback-1', 'song-2'],
    ['paperback-1', 'song-2', 'large-print-1', 'song-1'],
  ]) {
    assert.deepEqual(ask({ favourites: one }), work);
  }
});

test('an edition that is excluded keeps its work out', () => {
  const answer = ask({ favourites: ['paperback-1'], exclude: ['paperback-6'], limit: 100 });
  assert.equal(answer.recommendations.length, 38);
  assert.ok(!ids(answer).some((id) => ['song-1', 'song-6'].includes(id)));
});

test('a reason has the id that the favourite was given by', () => {
  const favourites = ['paperback-1', 'song-2', 'song-1'];
  const { recommendations } = ask({ favourites, explain: true });
  for (const { because } of recommendations) {
    assert.deepEqual(because.map(({ id }) => id).sort(), ['paperback-1', 'song-2']);
  }
});

test('if no favourite is known, popular items are given and it says so', () => {
  const answer = ask({ favourites: ['who'], exclude: ['song-1'], limit: 3, explain: true });
  assert.equal(answer.strategy, 'popular');
  assert.deepEqual(ids(answer), ['song-0', 'song-2', 'song-3']);
  assert.deepEqual(answer.recommendations[0].because, []);
});

test('a strategy that has no more to say gives fewer', () => {
  const answer = ask({ favourites: ['song-1'], strategy: 'plain', limit: 50 });
  assert.equal(answer.strategy, 'plain');
  assert.equal(answer.recommendations.length, 4);
});

test('a strategy that is none is refused by name', () => {
  for (const strategy of ['nobody', '__proto__', 'constructor', 'popular']) {
    assert.throws(() => ask({ favourites: ['who'], strategy }), {
      statusCode: 400,
      code: 'unknown_strategy',
    });
  }
});

test('reasons are favourites by their share, best first, and sum to 1', () => {
  const favourites = ['song-9', 'who', 'song-1', 'song-30'];
  const { recommendations } = ask({ favourites, explain: true });
  const expected = bundle
    .expected('rich', [9, 1, 30])
    .find(({ index }) => `song-${index}` === recommendations[0].id);
  const because = recommendations[0].because;
  assert.deepEqual(because.map(({ id }) => id).sort(), ['song-1', 'song-30', 'song-9']);
  assert.ok(Math.abs(because.find(({ id }) => id === 'song-9').share - expected.shares[0]) < 1e-4);
  for (const one of recommendations) {
    const shares = one.because.map(({ share }) => share);
    assert.ok(Math.abs(shares.reduce((a, b) => a + b) - 1) < 1e-3);
    assert.deepEqual(
      shares,
      [...shares].sort((a, b) => b - a),
    );
  }
});

test('a strategy that cannot explain itself gives no reasons', () => {
  const { recommendations } = ask({ favourites: ['song-9'], strategy: 'plain', explain: true });
  assert.ok(recommendations.every(({ because }) => because.length === 0));
});

test('what variety adds from far behind names no favourite', async (t) => {
  const { model: large } = await toyModel({ items: 150 });
  t.after(() => large.dispose());
  const request = { favourites: ['song-9', 'song-3'], exclude: [], limit: 100, explain: true };
  const of = (diversity) => recommend(large, { ...request, diversity }, (index) => index % 40);
  const plain = of(0).recommendations;
  assert.ok(plain.every(({ because }) => because.length === 2));
  const near = new Set(plain.slice(0, BROUGHT).map(({ id }) => id));
  const varied = of(1).recommendations.slice(0, 40);
  for (const { id, because } of varied) assert.equal(because.length, near.has(id) ? 2 : 0, id);
  assert.ok(varied.some(({ id }) => near.has(id)) && varied.some(({ id }) => !near.has(id)));
});

test('variety follows the scale of the strategy', async (t) => {
  const { model: scaled } = await toyModel({ items: 150, variety: [0, 0.2, 1] });
  t.after(() => scaled.dispose());
  const from = (one, diversity) =>
    ids(
      recommend(
        one,
        { favourites: ['song-9'], exclude: [], limit: 10, explain: false, diversity },
        (index) => index % 7,
      ),
    );
  const { model: plain } = await toyModel({ items: 150 });
  t.after(() => plain.dispose());
  assert.deepEqual(from(scaled, 0.5), from(plain, 0.2));
  assert.deepEqual(from(scaled, 0.75), from(plain, 0.6));
  assert.notDeepEqual(from(scaled, 0.5), from(plain, 0.5));
});

test('variety keeps the best in front and mixes the creators', () => {
  const plain = ask({ favourites: ['song-9'] });
  const mixed = ask({ favourites: ['song-9'], diversity: 0.8 });
  assert.equal(ids(mixed)[0], ids(plain)[0]);
  assert.notDeepEqual(ids(mixed), ids(plain));
  const creators = ids(mixed).map((id) => Number(id.slice(5)) % 7);
  const most = Math.max(...creators.map((one) => creators.filter((other) => other === one).length));
  assert.ok(most <= 2);
  assert.equal(new Set(ids(mixed)).size, 10);
});

test('more favourites than the model takes are refused by field', async () => {
  const small = {
    ...model,
    manifest: { ...model.manifest, sizes: { ...model.manifest.sizes, favourites: 1 } },
  };
  Object.setPrototypeOf(small, {
    strategy: (n) => model.strategy(n),
    workOf: (id) => model.workOf(id),
  });
  const request = { favourites: ['song-1', 'song-2'], exclude: [], limit: 1, diversity: 0 };
  assert.throws(() => recommend(small, request), {
    statusCode: 400,
    message: /^favourites: .* at most 1/,
  });
});

test('novelty brings less popular items, the same ones as a longer answer has', () => {
  const rank = (id) => Number(id.slice('song-'.length));
  const request = { favourites: ['song-1', 'song-2'] };
  const mean = (answer) => ids(answer).reduce((sum, id) => sum + rank(id), 0) / 10;
  const means = [0, 0.5, 1].map((novelty) => mean(ask({ ...request, novelty })));
  assert.ok(means[0] < means[1] && means[1] <= means[2], String(means));
  const all = ids(ask({ ...request, limit: 100 }));
  assert.ok(ids(ask({ ...request, novelty: 1 })).every((id) => all.includes(id)));
});

test('popular items that stand in for an answer keep their order, whatever the novelty', () => {
  const answer = ask({ favourites: ['who'], limit: 3, novelty: 1 });
  assert.deepEqual(ids(answer), ['song-0', 'song-1', 'song-2']);
});
