/**
 * Faster kernels for TensorFlow.js's wasm backend. Three of its own compute every element's place in every
 * dimension again, which for the outputs that explain an answer took most of the time: gathering, tiling, and
 * adding integers of different shapes. These copy whole runs, and return the same values.
 */

import * as tf from '@tensorflow/tfjs-core';

const BACKEND = 'wasm';
const NUMERIC = new Set(['float32', 'int32', 'bool']);
const REPLACED = Symbol.for('harperdb-recommender: the kernels are replaced');

/** Replaces them, once for all copies of this code in the worker. */
export function installKernels() {
  const engine = tf.engine();
  if (engine[REPLACED]) return;
  engine[REPLACED] = true;
  replace(tf.GatherV2, ({ inputs: { x } }) => NUMERIC.has(x.dtype), gather);
  replace(tf.Tile, ({ inputs: { x } }) => NUMERIC.has(x.dtype), tile);
  replace(tf.Add, ({ inputs: { a, b } }) => a.dtype === 'int32' && !sameShape(a, b), add);
}

function replace(kernelName, suits, kernelFunc) {
  const { kernelFunc: original } = tf.getKernel(kernelName, BACKEND);
  tf.unregisterKernel(kernelName, BACKEND);
  tf.registerKernel({
    kernelName,
    backendName: BACKEND,
    // The backend has started: the original has been set up, and stays so.
    kernelFunc: (call) => (suits(call) ? kernelFunc(call) : original(call)),
  });
}

/** x [batch, outer, size, slice], indices [batch, n] → [batch, outer, n, slice] */
function gather({ backend, inputs: { x, indices }, attrs }) {
  const [axis] = tf.util.parseAxisParam(attrs.axis, x.shape);
  const { collectGatherOpShapeInfo: shapes } = tf.backend_util.segment_util;
  const { batchSize, outerSize, dimSize, sliceSize, outputShape } = shapes(
    x,
    indices,
    axis,
    attrs.batchDims ?? 0,
  );
  checkPlaces(backend.typedArrayFromHeap(indices), dimSize);
  const out = backend.makeOutput(outputShape, x.dtype);
  // Views of the heap are taken after the output's memory was, which may move it.
  const [from, places, to] = [x, indices, out].map((tensor) => backend.typedArrayFromHeap(tensor));
  const count = places.length / batchSize;
  let written = 0;
  for (let block = 0; block < batchSize * outerSize; block++) {
    const first = Math.floor(block / outerSize) * count;
    const start = block * dimSize;
    for (let i = first; i < first + count; i++) {
      const source = (start + places[i]) * sliceSize;
      for (let k = source; k < source + sliceSize; k++) to[written++] = from[k];
    }
  }
  return out;
}

function checkPlaces(places, size) {
  for (let i = 0; i < places.length; i++) {
    if (places[i] < 0 || places[i] >= size) {
      throw new RangeError(`GatherV2: the index value ${places[i]} is not in [0, ${size - 1}]`);
    }
  }
}

function tile({ backend, inputs: { x }, attrs: { reps } }) {
  const shape = x.shape.map((size, axis) => size * reps[axis]);
  const out = backend.makeOutput(shape, x.dtype);
  const to = backend.typedArrayFromHeap(out);
  let values = backend.typedArrayFromHeap(x);
  let run = 1;
  // From the last dimension to the first: each repeats the runs that the one behind it has made.
  for (let axis = x.shape.length - 1; axis >= 0; axis--) {
    run *= x.shape[axis];
    if (reps[axis] !== 1) values = repeatRuns(values, run, reps[axis]);
    run *= reps[axis];
  }
  to.set(values);
  return out;
}

function repeatRuns(values, run, times) {
  const repeated = new values.constructor(values.length * times);
  let written = 0;
  for (let start = 0; start < values.length; start += run) {
    const one = values.subarray(start, start + run);
    for (let i = 0; i < times; i++, written += run) {
      if (run === 1) repeated[written] = one[0];
      else repeated.set(one, written);
    }
  }
  return repeated;
}

function add({ backend, inputs: { a, b } }) {
  const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const out = backend.makeOutput(shape, a.dtype);
  const [left, right, to] = [a, b, out].map((tensor) => backend.typedArrayFromHeap(tensor));
  const rowLength = shape.at(-1);
  const [stepsA, stepsB] = [a, b].map((tensor) => steps(tensor.shape, shape));
  const [alongA, alongB] = [stepsA.at(-1), stepsB.at(-1)];
  for (let row = 0, written = 0; written < to.length; row++) {
    let i = startOfRow(row, shape, stepsA);
    let j = startOfRow(row, shape, stepsB);
    for (const end = written + rowLength; written < end; i += alongA, j += alongB) {
      to[written++] = left[i] + right[j];
    }
  }
  return out;
}

/** How far one step along each dimension of the result leads in an operand; 0 where it is broadcast. */
function steps(own, shape) {
  let step = 1;
  const found = new Array(shape.length).fill(0);
  for (let k = 1; k <= own.length; k++) {
    const size = own[own.length - k];
    if (size > 1) found[shape.length - k] = step;
    step *= size;
  }
  return found;
}

function startOfRow(row, shape, step) {
  let at = 0;
  let rest = row;
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    at += (rest % shape[axis]) * step[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  return at;
}

const sameShape = (a, b) => tf.util.arraysEqual(a.shape, b.shape);
