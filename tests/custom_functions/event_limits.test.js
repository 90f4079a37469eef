import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLimits } from '../../custom_functions/recommender/lib/events/limits.js';

const LIMITS = { session_per_minute: 60, client_per_minute: 600, node_per_minute: 6000 };

function limited(overrides = {}, workers = 1) {
  let time = 0;
  const limits = createLimits({ ...LIMITS, ...overrides }, { workers, now: () => time });
  return { ...limits, pass: (seconds) => (time += seconds * 1000) };
}

test('a session sends a minute’s events at once, then as they refill', () => {
  const limits = limited();
  assert.equal(limits.take({ session: 'a', client: 'x' }, 50), 0);
  assert.equal(limits.take({ session: 'a', client: 'x' }, 10), 0);
  assert.equal(limits.take({ session: 'a', client: 'x' }, 10), 10);
  limits.pass(10);
  assert.equal(limits.take({ session: 'a', client: 'x' }, 10), 0);
  assert.equal(limits.take({ session: 'a', client: 'x' }, 1), 1);
});

test('one session at its limit leaves another of the same client alone', () => {
  const limits = limited();
  limits.take({ session: 'a', client: 'x' }, 60);
  assert.ok(limits.take({ session: 'a', client: 'x' }, 1) > 0);
  assert.equal(limits.take({ session: 'b', client: 'x' }, 50), 0);
});

test('a client that makes a session for each batch meets its own limit, and others do not', () => {
  const limits = limited();
  let accepted = 0;
  for (let i = 0; i < 1000; i++) {
    if (limits.take({ session: `s${i}`, client: 'flood' }, 50) === 0) accepted += 50;
  }
  assert.equal(accepted, 600);
  assert.equal(limits.take({ session: 'mine', client: 'visitor' }, 50), 0);
});

test('what is refused takes no room', () => {
  const limits = limited({ node_per_minute: 60 });
  limits.take({ session: 'a', client: 'x' }, 40);
  assert.ok(limits.take({ session: 'b', client: 'y' }, 40) > 0);
  assert.equal(limits.take({ session: 'b', client: 'y' }, 20), 0);
});

test('the node’s limit is divided by its workers', () => {
  const limits = limited({ node_per_minute: 100 }, 4);
  assert.equal(limits.take({ session: 'a', client: 'x' }, 25), 0);
  assert.ok(limits.take({ session: 'b', client: 'y' }, 1) > 0);
});

test('a batch larger than a whole bucket passes when the bucket is full', () => {
  const limits = limited({ session_per_minute: 10 });
  assert.equal(limits.take({ session: 'a', client: 'x' }, 50), 0);
  const wait = limits.take({ session: 'a', client: 'x' }, 50);
  limits.pass(wait);
  assert.equal(limits.take({ session: 'a', client: 'x' }, 50), 0);
});

test('sessions without end take bounded memory', () => {
  const limits = limited({ client_per_minute: 1e12, node_per_minute: 1e12 });
  for (let i = 0; i < 100_000; i++) limits.take({ session: `s${i}`, client: `c${i}` }, 60);
  // The oldest were forgotten, and so start again; the latest were not.
  assert.equal(limits.take({ session: 's0', client: 'x' }, 60), 0);
  assert.ok(limits.take({ session: 's99999', client: 'x' }, 60) > 0);
});
