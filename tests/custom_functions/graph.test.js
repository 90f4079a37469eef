import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  backendFigures,
  loadGraph,
  startBackend,
} from '../../custom_functions/recommender/lib/graph.js';
import { WASM_FOLDER, keepingLog } from './toy_model.js';
import { toyBundle } from './toy_bundle.js';

const { files } = toyBundle();
const topology = JSON.parse(files['model.json']);
const weights = new Uint8Array(Buffer.concat([files['shard1.bin'], files['shard2.bin']])).buffer;
const question = new Int32Array(10).fill(-1);
question[0] = 3;

test('wasm answers where its files are', async () => {
  const log = keepingLog();
  assert.equal(await startBackend(WASM_FOLDER, log), 'wasm');
  assert.equal(await startBackend('/nowhere', log), 'wasm');
  assert.deepEqual(log.lines, []);
});

test('outputs come in the order they were asked for', () => {
  const graph = loadGraph(topology, weights);
  const [scores, items] = graph.run(question, ['rich_scores', 'rich_items']);
  assert.ok(scores instanceof Float32Array && items instanceof Int32Array);
  const [again] = graph.run(question, ['rich_items']);
  assert.deepEqual(again, items);
  graph.dispose();
});

test('two hundred questions leave no tensor behind, and neither does a graph', () => {
  const before = backendFigures().tensors;
  const graph = loadGraph(topology, weights);
  const held = backendFigures().tensors;
  for (let i = 0; i < 200; i++) graph.run(question, ['rich_items', 'rich_scores', 'rich_shares']);
  assert.equal(backendFigures().tensors, held);
  graph.dispose();
  assert.equal(backendFigures().tensors, before);
});

test('a graph without the input or with an unknown kernel is refused', () => {
  assert.throws(() => loadGraph({ ...topology, signature: {} }, weights), /favourites/);
  const odd = {
    ...topology,
    modelTopology: { node: [{ name: 'x', op: 'Placeholder', input: ['y'] }] },
  };
  assert.throws(() => loadGraph(odd, weights), /does not take/);
});
