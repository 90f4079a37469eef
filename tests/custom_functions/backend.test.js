import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { loadGraph, startBackend } from '../../custom_functions/recommender/lib/graph.js';
import { toyBundle } from './toy_bundle.js';
import { keepingLog } from './toy_model.js';

// A file of its own: the backend is the process's.
test('cpu answers the same where wasm does not start, and the log says so', async () => {
  const log = keepingLog();
  assert.equal(await startBackend(tmpdir(), log), 'cpu');
  assert.match(log.lines[0].message, /wasm did not start/);
  const { files, expected } = toyBundle();
  const weights = new Uint8Array(Buffer.concat([files['shard1.bin'], files['shard2.bin']])).buffer;
  const graph = loadGraph(JSON.parse(files['model.json']), weights);
  const question = new Int32Array(10).fill(-1);
  question[0] = 3;
  const [items] = graph.run(question, ['rich_items']);
  assert.deepEqual(
    [...items],
    expected('rich', [3]).map(({ index }) => index),
  );
});
