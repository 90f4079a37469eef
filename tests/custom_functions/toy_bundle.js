/**
 * A bundle small enough to be worked out by hand: a real TensorFlow.js graph whose answers are also computed
 * here, in plain JavaScript. An item's score is the sum of its likenesses to the favourites.
 */

import { createHash } from 'node:crypto';

/** What the two registered domains call things; the code under test must serve any. */
export const DOMAINS = [
  { name: 'songs', project: 'song-recommender', item: 'song', creator: 'artist' },
  { name: 'books', project: 'book-recommender', item: 'book', creator: 'author' },
];

const FAVOURITES = 10;
const DIM = 3;
const FEW = 5;

/**
 * @param {object} [options]
 * @param {object} [options.domain] One of `DOMAINS`.
 * @param {number} [options.seed] Decides on likenesses, and so on answers and version.
 * @param {string[]} [options.ids] By index.
 * @param {number} [options.items] How many, where no ids are given.
 * @param {Record<string, number>} [options.editions] Indices by the ids of other editions.
 * @param {object} [options.manifest] Overrides.
 * @param {number[]} [options.variety] The scale of the strategy `rich`.
 * @param {object[]} [options.probes] Instead of the right ones.
 * @param {(table: object) => object} [options.table] Makes the table of `rich` that the manifest names, out of the
 *   right one.
 * @param {(weights: object) => object} [options.weights] Changes the weights of the table, by name.
 * @returns {object} `files` by name, `manifest`, `ids`, `rows` and `expected(strategy, indices)`.
 */
export function toyBundle({
  domain = DOMAINS[0],
  seed = 1,
  items = 40,
  ids,
  editions,
  manifest,
  variety,
  probes,
  table,
  weights,
} = {}) {
  const names = ids ?? Array.from({ length: items }, (_, i) => `${domain.item}-${i}`);
  const vectors = toyVectors(names.length, seed);
  const expected = (strategy, indices) => answer(vectors, strategy, indices);
  const rows = names.map((id, i) => ({
    id,
    title: `Title ${i} of ${domain.name}`,
    [domain.creator]: `Maker ${i % 7}`,
    popularity: names.length - i,
    year: 1960 + i,
  }));
  const files = {
    ...graphFiles(vectors, table ? tableWeights(vectors, weights) : []),
    'item_ids.json': json(names),
    ...(editions && { 'editions.json': json(editions) }),
    'items.jsonl': Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join('')),
    'probes.json': json({ probes: probes ?? toyProbes(names, expected) }),
    'report.json': json({}),
  };
  const told = signed(
    { ...toyManifest(domain, names.length, variety, table?.(TABLE)), ...manifest },
    files,
  );
  return { files, manifest: told, ids: names, rows, vectors, expected };
}

/** Each item's likenesses are its pairs, with all items; beyond the pairs there is nothing. */
const TABLE = {
  offsets: 'offsets',
  neighbours: 'neighbours',
  weights: 'pairs',
  query_factor: 'factors',
  item_factor: 'factors',
  vectors: 'vectors',
  blend: 0,
  divisor: 1,
  max_exponent: 8,
};

function tableWeights(vectors, change = (weights) => weights) {
  const items = vectors.length;
  const every = Array.from({ length: items }, (_, i) => i);
  const weights = {
    offsets: [...every, items].map((i) => i * items),
    neighbours: every.flatMap(() => every),
    pairs: likenesses(vectors),
    factors: every.map(() => 0),
  };
  const { pairs, factors, ...indices } = change(weights);
  return [
    ...Object.entries(indices).map(([name, values]) => ints(name, [values.length], values)),
    ...Object.entries({ pairs, factors }).map(([name, values]) =>
      floats(name, [values.length], values),
    ),
  ];
}

const likenesses = (vectors) => vectors.flatMap((a) => vectors.map((b) => dot(a, b)));

function toyManifest(domain, items, variety, table) {
  const outputs = (name, keys) => Object.fromEntries(keys.map((key) => [key, `${name}_${key}`]));
  return {
    format: 1,
    domain: domain.name,
    project: domain.project,
    labels: { item: domain.item, items: domain.name },
    fields: [
      { name: 'title', label: 'Title' },
      { name: domain.creator, label: 'Maker' },
    ],
    creator: domain.creator,
    sizes: { users: 3, items, favourites: FAVOURITES, dim: DIM, results: items },
    strategies: [
      {
        name: 'rich',
        title: 'Rich',
        description: 'Knows reasons and likeness.',
        outputs: outputs('rich', ['items', 'scores', 'shares', 'vectors']),
        ...(variety && { variety }),
        ...(table && { table }),
      },
      {
        name: 'plain',
        title: 'Plain',
        description: '',
        outputs: outputs('plain', ['items', 'scores']),
      },
    ],
    default_strategy: 'rich',
    metrics: { users: 3, rows: [{ method: 'rich', 'ndcg@20': 0.5 }] },
    data: { name: 'toy', synthetic: true, terms: 'none', files: {} },
    seed: 20,
  };
}

function signed(manifest, files) {
  const described = Object.entries(files).map(([name, bytes]) => {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return [name, { bytes: bytes.length, sha256 }];
  });
  const whole = { ...manifest, files: Object.fromEntries(described) };
  const version = createHash('sha256').update(JSON.stringify(whole)).digest('hex').slice(0, 16);
  return { ...whole, version: manifest.version ?? version, created: '2026-11-24T03:00:00Z' };
}

function toyVectors(items, seed) {
  let state = seed * 2654435761;
  const random = () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 374761393) >>> 0;
    return (state % 100_000) / 100_000;
  };
  return Array.from({ length: items }, () => {
    // Positive, so that every share is.
    const vector = Array.from({ length: DIM }, () => 0.05 + random());
    const length = Math.hypot(...vector);
    return vector.map((value) => Math.fround(value / length));
  });
}

const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

/** The answer without a graph: [{index, score, shares}], favourites not dropped. */
function answer(vectors, strategy, indices) {
  const all = vectors.map((vector, index) => {
    const parts = indices.map((favourite) => dot(vectors[favourite], vector));
    const score = parts.reduce((a, b) => a + b, 0);
    return { index, score, shares: parts.map((part) => part / score) };
  });
  all.sort((a, b) => b.score - a.score || a.index - b.index);
  return strategy === 'plain' ? all.slice(0, FEW) : all;
}

function toyProbes(ids, expected) {
  const questions = [[0], [1, 2, 3], [4, 3, 2, 1, 0, 5, 6, 7, 8, 9]].filter(
    (q) => q.length < ids.length,
  );
  return questions.flatMap((favourites) =>
    ['rich', 'plain'].map((strategy) => {
      const left = expected(strategy, favourites).filter(
        ({ index }) => !favourites.includes(index),
      );
      const best = left.slice(0, 10);
      return {
        strategy,
        favourites: favourites.map((index) => ids[index]),
        items: best.map(({ index }) => ids[index]),
        scores: best.map(({ score }) => score),
      };
    }),
  );
}

/** `model.json` and its shards, two of them, as the converter writes them. */
function graphFiles(vectors, more) {
  const items = vectors.length;
  const few = Array.from({ length: items }, (_, i) => (i < FEW ? 1 : 0));
  const weights = [
    floats('likeness', [items, items], likenesses(vectors)),
    floats('vectors', [items, DIM], vectors.flat()),
    ints('zero', [], [0]),
    ints('one', [], [1]),
    ints('minus_one', [], [-1]),
    ints('every', [], [items]),
    ints('both', [2], [0, 1]),
    ints('turned', [2], [1, 0]),
    ints('few', [items], few),
    ints(
      'few_less_one',
      [items],
      few.map((value) => value - 1),
    ),
    ...more,
  ];
  const bytes = Buffer.concat(weights.map((weight) => weight.bytes));
  const cut = weights[0].bytes.length;
  const topology = {
    format: 'graph-model',
    signature: signature(items),
    modelTopology: { node: [...weights.map(constant), ...nodes()], versions: { producer: 1 } },
    weightsManifest: [
      {
        paths: ['shard1.bin', 'shard2.bin'],
        weights: weights.map(({ bytes: _, ...spec }) => spec),
      },
    ],
  };
  return {
    'model.json': json(topology),
    'shard1.bin': bytes.subarray(0, cut),
    'shard2.bin': bytes.subarray(cut),
  };
}

const INT = { type: 'DT_INT32' };
const FLOAT = { type: 'DT_FLOAT' };

function nodes() {
  const gather = { Tindices: INT, Tparams: FLOAT, Taxis: INT, batch_dims: { i: '0' } };
  const kept = { keep_dims: { b: false }, T: FLOAT, Tidx: INT };
  return [
    node('favourites', 'Placeholder', [], {
      dtype: INT,
      shape: { shape: { dim: [{ size: '1' }, { size: String(FAVOURITES) }] } },
    }),
    node('real', 'GreaterEqual', ['favourites', 'zero'], { T: INT }),
    node('mask', 'Cast', ['real'], {
      SrcT: { type: 'DT_BOOL' },
      DstT: FLOAT,
      Truncate: { b: false },
    }),
    node('column', 'ExpandDims', ['mask', 'minus_one'], { T: FLOAT, Tdim: INT }), // [1, F, 1]
    node('safe', 'Maximum', ['favourites', 'zero'], { T: INT }),
    node('lines', 'GatherV2', ['likeness', 'safe', 'zero'], gather), // [1, F, items]
    node('parts', 'Mul', ['lines', 'column'], { T: FLOAT }),
    node('totals', 'Sum', ['parts', 'both'], kept), // [items]
    node('best', 'TopKV2', ['totals', 'every'], { T: FLOAT, sorted: { b: true }, Tk: INT }),
    node('flat', 'Sum', ['parts', 'zero'], kept), // [F, items]
    node('upright', 'Transpose', ['flat', 'turned'], { T: FLOAT, Tperm: INT }), // [items, F]
    node('sorted', 'GatherV2', ['upright', 'best:1', 'zero'], gather),
    node('under', 'ExpandDims', ['best', 'minus_one'], { T: FLOAT, Tdim: INT }),
    node('shares', 'RealDiv', ['sorted', 'under'], { T: FLOAT }),
    node('rows', 'GatherV2', ['vectors', 'best:1', 'zero'], gather),
    node('first', 'Mul', ['best:1', 'few'], { T: INT }),
    node('first_or_minus', 'AddV2', ['first', 'few_less_one'], { T: INT }),
  ];
}

function signature(items) {
  const outputs = {
    plain_scores: ['best:0', [items]],
    rich_vectors: ['rows:0', [items, DIM]],
    rich_items: ['best:1', [items]],
    plain_items: ['first_or_minus:0', [items]],
    rich_shares: ['shares:0', [items, FAVOURITES]],
    rich_scores: ['best:0', [items]],
  };
  const told = Object.entries(outputs).map(([key, [name, shape]]) => [
    key,
    { name, tensorShape: sized(shape) },
  ]);
  return {
    inputs: {
      favourites: { name: 'favourites:0', dtype: 'DT_INT32', tensorShape: sized([1, FAVOURITES]) },
    },
    outputs: Object.fromEntries(told),
  };
}

const sized = (shape) => ({ dim: shape.map((size) => ({ size: String(size) })) });
const node = (name, op, input, attr) => ({ name, op, input, attr });
const constant = ({ name, shape, dtype }) =>
  node(name, 'Const', [], {
    dtype: dtype === 'int32' ? INT : FLOAT,
    value: {
      tensor: { dtype: dtype === 'int32' ? 'DT_INT32' : 'DT_FLOAT', tensorShape: sized(shape) },
    },
  });
const floats = (name, shape, values) => weight(name, shape, 'float32', Float32Array.from(values));
const ints = (name, shape, values) => weight(name, shape, 'int32', Int32Array.from(values));
const weight = (name, shape, dtype, values) => ({
  name,
  shape,
  dtype,
  bytes: Buffer.from(values.buffer),
});
const json = (value) => Buffer.from(JSON.stringify(value));
