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
    const { wait } = refusals.note(ROW, new ModelRefused('not here', { temporary: true }));
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
  const { at, ...rest } = refusals.of(ROW);
  assert.deepEqual(rest, { version: 'v1', reason: 'wrong probes', retrying: false });
  assert.ok(Math.abs(Date.parse(at) - Date.now()) < 60_000);
  refusals.clear();
  assert.equal(refusals.of(ROW), undefined);
});

test('what cannot is tried every 60 seconds where the caller asks for it', () => {
  let now = 0;
  const refusals = createRefusals(() => now);
  for (let i = 0; i < 3; i++) {
    refusals.note(ROW, new ModelRefused('wrong probes'), true);
    assert.equal(refusals.of(ROW).retrying, true);
    now += 59_999;
    assert.equal(refusals.mayTry(ROW), false);
    now += 1;
    assert.equal(refusals.mayTry(ROW), true);
  }
});

test('an error that is our own bug is not told to strangers', () => {
  const refusals = createRefusals(() => 0);
  refusals.note(ROW, new TypeError('/secret/path'));
  assert.doesNotMatch(refusals.of(ROW).reason, /secret/);
  assert.equal(refusals.of(ROW).retrying, true);
});
