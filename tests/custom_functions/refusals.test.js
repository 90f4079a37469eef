import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ModelRefused } from '../../custom_functions/recommender/lib/errors.js';
import { createRefusals } from '../../custom_functions/recommender/lib/refusals.js';

const ROW = { version: 'v1', at: 'then' };

test('what may mend itself is tried after 1, 2, 4 … and at most 60 seconds', () => {
  let now = 0;
  const refusals = createRefusals(() => now);
  const waits = [];
  for (let i = 0; i < 8; i++) {
    const { wait } = refusals.note(ROW, new ModelRefused('not here', { mayMend: true }));
    waits.push(wait / 1000);
    assert.equal(refusals.mayTry(ROW), false);
    assert.equal(refusals.seconds(), wait / 1000);
    now += wait;
    assert.equal(refusals.mayTry(ROW), true);
  }
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
});

test('what cannot is tried only when the row changes', () => {
  let now = 0;
  const refusals = createRefusals(() => now);
  refusals.note(ROW, new ModelRefused('wrong probes'));
  now = 1e12;
  assert.equal(refusals.mayTry(ROW), false);
  assert.equal(refusals.mayTry({ ...ROW, at: 'now' }), true);
  assert.equal(refusals.mayTry({ ...ROW, version: 'v2' }), true);
  assert.equal(refusals.of({ ...ROW, version: 'v2' }), undefined);
  assert.deepEqual(refusals.of(ROW), {
    version: 'v1',
    reason: 'wrong probes',
    at: '1970-01-01T00:00:00.000Z',
    retrying: false,
  });
  refusals.clear();
  assert.equal(refusals.of(ROW), undefined);
});

test('an error that is our own bug is not told to strangers', () => {
  const refusals = createRefusals(() => 0);
  refusals.note(ROW, new TypeError('/secret/path'));
  assert.doesNotMatch(refusals.of(ROW).reason, /secret/);
  assert.equal(refusals.of(ROW).retrying, true);
});
