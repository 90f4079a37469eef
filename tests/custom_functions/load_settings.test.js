import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAdmission } from '../../custom_functions/recommender/lib/admission.js';
import { readLoadSettings } from '../../custom_functions/recommender/lib/load_settings.js';
import { keepingLog } from './toy_model.js';

const DEFAULTS = { maxWaiting: 64, clientRate: 0, proxies: [] };

test('nothing set: no limit per client, and a bound on what waits', () => {
  const log = keepingLog();
  assert.deepEqual(readLoadSettings({}, log), DEFAULTS);
  assert.deepEqual(readLoadSettings({ RECOMMENDER_CLIENT_RATE: ' ' }, log), DEFAULTS);
  assert.deepEqual(log.lines, []);
});

test('the environment sets them', () => {
  const env = {
    RECOMMENDER_MAX_WAITING: '8',
    RECOMMENDER_CLIENT_RATE: '2.5',
    RECOMMENDER_PROXIES: '10.0.0.0/8, ::1,',
  };
  const expected = { maxWaiting: 8, clientRate: 2.5, proxies: ['10.0.0.0/8', '::1'] };
  assert.deepEqual(readLoadSettings(env, keepingLog()), expected);
});

test('a wrong value is logged by its name, and the default is used', () => {
  for (const [name, value] of [
    ['RECOMMENDER_MAX_WAITING', '0'],
    ['RECOMMENDER_MAX_WAITING', 'many'],
    ['RECOMMENDER_CLIENT_RATE', '-1'],
    ['RECOMMENDER_CLIENT_RATE', 'NaN'],
  ]) {
    const log = keepingLog();
    assert.deepEqual(readLoadSettings({ [name]: value }, log), DEFAULTS);
    assert.match(log.lines[0].message, new RegExp(`^${name}=${value}: `));
  }
});

test('proxies that are no addresses are logged, and none is trusted', async () => {
  const log = keepingLog();
  const settings = { maxWaiting: 8, clientRate: 1, proxies: ['10.0.0.0/8', 'proxy.example'] };
  const admission = createAdmission({ settings, log });
  assert.match(log.lines[0].message, /^RECOMMENDER_PROXIES: /);
  const request = (forwarded) => ({ ip: '10.0.0.1', headers: { 'x-forwarded-for': forwarded } });
  admission.admit(request('198.51.100.1'));
  admission.admit(request('198.51.100.2'));
  assert.throws(() => admission.admit(request('198.51.100.3')), { statusCode: 429 });
});

test('a proxy’s clients are counted apart', async () => {
  const settings = { maxWaiting: 8, clientRate: 1, proxies: ['10.0.0.0/8'] };
  const admission = createAdmission({ settings, log: keepingLog() });
  for (let i = 0; i < 9; i++) {
    const compute = admission.admit({
      ip: '10.0.0.1',
      headers: { 'x-forwarded-for': `198.51.100.${i}` },
    });
    assert.equal(await compute(() => i), i);
  }
});
