import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRateLimit } from '../../custom_functions/recommender/lib/rate_limit.js';

const TOO_MANY = { statusCode: 429, code: 'too_many_requests' };

test('without a rate nothing is limited', () => {
  const count = createRateLimit({ rate: 0 });
  for (let i = 0; i < 100_000; i++) count('a');
});

test('a burst of two seconds, then the rate, each client for itself', () => {
  let now = 0;
  const count = createRateLimit({ rate: 5, now: () => now });
  for (let i = 0; i < 10; i++) count('a');
  assert.throws(() => count('a'), { ...TOO_MANY, retryAfter: 1 });
  count('b');
  now += 200;
  count('a');
  assert.throws(() => count('a'), TOO_MANY);
  now += 60_000;
  for (let i = 0; i < 10; i++) count('a');
  assert.throws(() => count('a'), TOO_MANY);
});

test('less than one a second says when to come back', () => {
  let now = 0;
  const count = createRateLimit({ rate: 0.1, now: () => now });
  count('a');
  assert.throws(() => count('a'), { ...TOO_MANY, retryAfter: 10 });
  now += 10_000;
  count('a');
});

test('a hundred thousand clients take no more memory than ten thousand', () => {
  const count = createRateLimit({ rate: 1, now: () => 0 });
  for (let i = 0; i < 3; i++)
    try {
      count('first');
    } catch {
      /* the burst is over */
    }
  for (let i = 0; i < 9_999; i++) count(`client ${i}`);
  assert.throws(() => count('first'), TOO_MANY);
  for (let i = 0; i < 10_000; i++) count(`other ${i}`);
  // Forgotten as the one not seen for longest.
  count('first');
});
