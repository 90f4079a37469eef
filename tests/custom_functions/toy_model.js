/**
 * Opens toy bundles through the component's own code, as if HarperDB had handed them over.
 */

import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { readBundle } from '../../custom_functions/recommender/lib/bundle.js';
import { startBackend } from '../../custom_functions/recommender/lib/graph.js';
import { openModel } from '../../custom_functions/recommender/lib/model.js';
import { fakeDatabase, push } from './fake_harper.js';
import { toyBundle } from './toy_bundle.js';

/** Where the .wasm files lie in a checkout. */
export const WASM_FOLDER = dirname(
  createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'),
);

/** A log that keeps what it is told. */
export function keepingLog() {
  const lines = [];
  const level =
    (name) =>
    (message, detail, ...more) =>
      lines.push({ level: name, message, detail, more });
  return { lines, info: level('info'), warn: level('warn'), error: level('error') };
}

/**
 * @param {object} [options] `toyBundle`'s.
 * @returns {Promise<{bundle: object, model: import('../../custom_functions/recommender/lib/model.js').Model}>}
 */
export async function toyModel(options) {
  await startBackend(WASM_FOLDER, keepingLog());
  const bundle = toyBundle(options);
  const record = push(fakeDatabase(), bundle);
  const model = await openModel(await readBundle(record, bundle.manifest.version));
  return { bundle, model };
}

/** @returns {Promise<void>} After everything that was ready to run has run, `turns` times. */
export async function settle(turns = 3) {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
}

/**
 * @param {() => boolean | Promise<boolean>} isDone
 * @returns {Promise<void>}
 */
export async function until(isDone) {
  for (let turn = 0; turn < 5000; turn++) {
    if (await isDone()) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`still not so: ${isDone}`);
}
