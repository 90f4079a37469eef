import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as first from '../../custom_functions/recommender/lib/graph.js';
import { toyBundle } from './toy_bundle.js';
import { WASM_FOLDER, keepingLog } from './toy_model.js';

// As songs and books have it in one worker: each its own copy of the code, and one backend for both.
const second = await import('../../custom_functions/recommender/lib/graph.js?second');

test('two recommenders that start at once in one worker both wait until the backend works', async () => {
  const { files } = toyBundle();
  const weights = new Uint8Array(Buffer.concat([files['shard1.bin'], files['shard2.bin']])).buffer;
  const load = async ({ startBackend, loadGraph }) => {
    const name = await startBackend(WASM_FOLDER, keepingLog());
    loadGraph(JSON.parse(files['model.json']), weights).dispose();
    return name;
  };
  assert.deepEqual(await Promise.all([load(first), load(second)]), ['wasm', 'wasm']);
});
