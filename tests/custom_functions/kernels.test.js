/**
 * The replaced kernels against TensorFlow.js's own of the cpu backend, which has none of them.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { startBackend } from '../../custom_functions/recommender/lib/graph.js';
import { WASM_FOLDER, keepingLog } from './toy_model.js';

before(() => startBackend(WASM_FOLDER, keepingLog()));
after(() => tf.setBackend('wasm'));

let state = 7;
const below = (n) => (state = (state * 48271) % 2147483647) % n;
const values = (shape, limit = 100) =>
  Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => below(limit) - (limit >> 2));

/** The result of one operation on a backend, and the tensors that it left behind. */
async function on(backend, work) {
  await tf.setBackend(backend);
  const before = tf.memory().numTensors;
  const result = tf.tidy(work);
  const found = { shape: result.shape, dtype: result.dtype, values: [...result.dataSync()] };
  result.dispose();
  return { ...found, left: tf.memory().numTensors - before };
}

async function assertSame(work) {
  const expected = await on('cpu', work);
  assert.deepEqual(await on('wasm', work), expected);
  assert.equal(expected.left, 0);
}

for (const dtype of ['float32', 'int32', 'bool']) {
  for (const [shape, indices, axis, batchDims] of [
    [[5], [7], 0, 0],
    [[5, 3], [2, 4], 0, 0],
    [[5, 3], [6], 1, 0],
    [[1, 9], [20], 1, 0],
    [[2, 3, 4], [5], 1, 0],
    [[2, 3, 4], [2, 6], 2, 1],
    [[2, 3, 4], [2, 5], 1, 1],
    [[4, 0], [2], 0, 0],
  ]) {
    const what = `${dtype} [${shape}] by [${indices}] along ${axis}, ${batchDims} in common`;
    test(`gathers ${what}`, async () => {
      const content = values(shape).map((value) => (dtype === 'bool' ? value & 1 : value));
      const places = values(indices, shape[axis]).map(Math.abs);
      await assertSame(() =>
        tf.gather(
          tf.tensor(content, shape, dtype),
          tf.tensor(places, indices, 'int32'),
          axis,
          batchDims,
        ),
      );
    });
  }

  for (const [shape, reps] of [
    [[1], [6]],
    [[3], [4]],
    [
      [1, 1],
      [1, 9],
    ],
    [
      [1, 1, 5],
      [1, 3, 1],
    ],
    [
      [2, 3],
      [3, 2],
    ],
    [
      [2, 1, 3],
      [1, 4, 2],
    ],
    [
      [2, 3],
      [1, 1],
    ],
  ]) {
    test(`tiles ${dtype} [${shape}] [${reps}] times`, async () => {
      const content = values(shape).map((value) => (dtype === 'bool' ? value & 1 : value));
      await assertSame(() => tf.tile(tf.tensor(content, shape, dtype), reps));
    });
  }
}

for (const dtype of ['int32', 'float32']) {
  for (const [a, b] of [
    [
      [3, 5],
      [3, 1],
    ],
    [
      [3, 1],
      [3, 5],
    ],
    [[2, 4, 1], [5]],
    [[4], [2, 3, 4]],
    [
      [2, 1, 3],
      [1, 4, 1],
    ],
    [[3, 4], []],
    [[], [3]],
    [[1, 6], [6]],
    [
      [3, 4],
      [3, 4],
    ],
  ]) {
    test(`adds ${dtype} [${a}] and [${b}]`, async () => {
      const [left, right] = [values(a), values(b)];
      await assertSame(() => tf.add(tf.tensor(left, a, dtype), tf.tensor(right, b, dtype)));
    });
  }
}

test('an index out of range throws and reads nothing', async () => {
  await tf.setBackend('wasm');
  for (const index of [-1, 3, 2 ** 30]) {
    assert.throws(
      () => tf.tidy(() => tf.gather(tf.tensor1d([1, 2, 3]), tf.tensor1d([0, index], 'int32'))),
      /index value/,
    );
  }
});
