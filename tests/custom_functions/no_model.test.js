import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backendFigures } from '../../custom_functions/recommender/lib/graph.js';

// A file of its own: a process that has loaded a model has a backend for good.
test('before the first model there are figures of a backend that is not there', () => {
  assert.deepEqual(backendFigures(), { backend: null, tensors: 0, bytes: 0 });
});
