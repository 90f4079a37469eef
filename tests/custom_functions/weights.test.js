import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Floats, weightsOf } from '../../custom_functions/recommender/lib/weights.js';

const half = { dtype: 'float16', original_dtype: 'float32' };
const bundleOf = (specs, bytes) => ({
  topology: {
    weightsManifest: [{ weights: specs.slice(0, 1) }, { weights: specs.slice(1) }],
  },
  weights: new Uint8Array(bytes).buffer,
});
const SPECS = [
  { name: 'flag', dtype: 'bool', shape: [1] },
  { name: 'halves', dtype: 'float32', shape: [2, 2], quantization: half },
  { name: 'number', dtype: 'int32', shape: [] },
];
// One byte first, so that nothing after it is aligned.
const BYTES = [1, 0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0xff, 0x7b, 7, 0, 0, 0];

test('a weight is found by name, across groups and at odd places', () => {
  const weight = weightsOf(bundleOf(SPECS, BYTES));
  assert.deepEqual([...weight('number').values], [7]);
  const { dtype, shape, values } = weight('halves');
  assert.deepEqual([dtype, shape, values.length], ['float16', [2, 2], 4]);
});

test('half-precision numbers have their IEEE 754 values', async () => {
  const floats = new Floats(weightsOf(bundleOf(SPECS, BYTES))('halves'));
  assert.deepEqual([...(await floats.toArray())], [1, -2, 2 ** -24, 65504]);
  assert.deepEqual([...(await floats.toArray(1))].slice(3), [65504, 0]);
  const special = new Floats({
    dtype: 'float16',
    values: Uint16Array.of(0x7c00, 0xfc00, 0x7e00, 0x0000, 0x0400, 0x03ff, 0x3555),
  });
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6].map((place) => special.at(place)),
    [Infinity, -Infinity, NaN, 0, 2 ** -14, (1023 / 1024) * 2 ** -14, 0.333251953125],
  );
});

test('single-precision numbers are as they are', () => {
  const floats = new Floats({ dtype: 'float32', values: Float32Array.of(0.1, -3) });
  assert.deepEqual([floats.length, floats.at(0), floats.at(1)], [2, Math.fround(0.1), -3]);
});

test('a weight that is missing, beyond the shards or behind texts is refused', () => {
  const weight = weightsOf(bundleOf(SPECS, BYTES.slice(0, 11)));
  assert.throws(() => weight('none'), { name: 'ModelRefused', message: /no numeric weight none/ });
  assert.throws(() => weight('number'), { name: 'ModelRefused', message: /number is missing/ });
  const texts = { name: 'texts', dtype: 'string', shape: [2] };
  const behind = weightsOf(bundleOf([texts, ...SPECS], BYTES));
  assert.throws(() => behind('texts'), { name: 'ModelRefused' });
  assert.throws(() => behind('number'), { name: 'ModelRefused' });
});
