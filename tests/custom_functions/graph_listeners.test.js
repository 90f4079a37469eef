import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { startBackend } from '../../custom_functions/recommender/lib/graph.js';

const wasm = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));

test('starting wasm does not make others’ unheard rejections crash the process', async () => {
  const mine = () => {};
  process.on('unhandledRejection', mine);
  const counted = () =>
    ['unhandledRejection', 'uncaughtException'].map((e) => process.listenerCount(e));
  const before = counted();
  assert.equal(await startBackend(join(wasm, '..', 'wasm-out'), console), 'wasm');
  assert.deepEqual(counted(), before);
  assert.ok(process.listeners('unhandledRejection').includes(mine));
  process.removeListener('unhandledRejection', mine);
});
