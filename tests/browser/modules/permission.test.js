import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  isOptedOut,
  permissionOf,
} from '../../../custom_functions/recommender/ui/src/events/permission.js';

const free = { enabled: true, consent: 'none' };
const asking = { enabled: true, consent: 'ask' };
const off = { enabled: false, consent: 'none' };

for (const [policy, optedOut, choice, expected] of [
  [undefined, false, null, 'disabled'],
  [off, false, 'yes', 'disabled'],
  [off, true, null, 'disabled'],
  [free, true, 'yes', 'opted-out'],
  [asking, true, 'yes', 'opted-out'],
  [free, false, null, 'on'],
  [free, false, 'no', 'stopped'],
  [free, false, 'yes', 'on'],
  [asking, false, null, 'ask'],
  [asking, false, 'no', 'stopped'],
  [asking, false, 'yes', 'on'],
]) {
  const given = JSON.stringify({ policy, optedOut, choice });
  it(`the page may record: ${expected}, with ${given}`, () => {
    assert.equal(permissionOf({ policy, optedOut, choice }), expected);
  });
}

it('a browser opts out by Global Privacy Control or Do Not Track', () => {
  assert.ok(isOptedOut({ globalPrivacyControl: true }));
  assert.ok(isOptedOut({ doNotTrack: '1' }));
  assert.ok(isOptedOut({ doNotTrack: 'yes' }));
  for (const doNotTrack of [null, undefined, '0', 'unspecified']) {
    assert.ok(!isOptedOut({ globalPrivacyControl: false, doNotTrack }));
  }
});
