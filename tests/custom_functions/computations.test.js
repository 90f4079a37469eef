import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createComputations } from '../../custom_functions/recommender/lib/computations.js';

const OVERLOADED = { statusCode: 503, code: 'overloaded', retryAfter: 1 };
/** One computation a turn of the event loop, so that their order shows. */
const queue = (maxWaiting) => createComputations({ maxWaiting, longest: 0 });

test('a computation’s result and its error reach the caller', async () => {
  const computations = queue(10);
  assert.equal(await computations.run('a', () => 7), 7);
  await assert.rejects(
    computations.run('a', () => {
      throw new Error('x');
    }),
    /x/,
  );
  assert.equal(await computations.run('a', () => 8), 8);
  assert.equal(computations.waiting, 0);
});

test('of 128 at once from one client, as many as may wait are done in order, the others refused at once', async () => {
  const computations = queue(32);
  const done = [];
  let refused = 0;
  const all = Array.from({ length: 128 }, (_, i) =>
    computations
      .run('a', () => done.push(i))
      .catch((error) => {
        const { statusCode, code, retryAfter } = error;
        assert.deepEqual({ statusCode, code, retryAfter }, OVERLOADED);
        assert.equal(done.length, 0);
        refused++;
      }),
  );
  await Promise.all(all);
  assert.equal(refused, 96);
  assert.deepEqual(
    done,
    Array.from({ length: 32 }, (_, i) => i),
  );
});

test('a client with nothing waiting comes after one computation of each other client', async () => {
  const computations = queue(1000);
  const order = [];
  const run = (client) => computations.run(client, () => order.push(client));
  const flood = Array.from({ length: 500 }, () => run('flood'));
  await Promise.all([run('b'), run('c'), run('b')]);
  assert.deepEqual(order.slice(0, 5), ['flood', 'b', 'c', 'flood', 'b']);
  await Promise.all(flood);
  assert.equal(order.length, 503);
});

test('where there is no room the client with the most waiting loses its newest', async () => {
  const computations = queue(10);
  const order = [];
  const flood = Array.from({ length: 10 }, (_, i) =>
    computations
      .run('flood', () => order.push(i))
      .then(
        () => 'done',
        ({ code }) => code,
      ),
  );
  const others = ['b', 'c', 'b'].map((client) =>
    computations.run(client, () => order.push(client)),
  );
  await assert.rejects(
    computations.run('flood', () => {}),
    OVERLOADED,
  );
  await Promise.all(others);
  const states = await Promise.all(flood);
  assert.deepEqual(states, [...Array(7).fill('done'), ...Array(3).fill('overloaded')]);
});

test('many clients with one each are refused when there is no room, and nobody is put out for them', async () => {
  const computations = queue(5);
  const first = ['a', 'b', 'c', 'd', 'e'].map((client) => computations.run(client, () => client));
  await assert.rejects(
    computations.run('f', () => {}),
    OVERLOADED,
  );
  assert.deepEqual(await Promise.all(first), ['a', 'b', 'c', 'd', 'e']);
});

test('between computations the thread is free for other things', async () => {
  const computations = queue(100);
  const order = [];
  const all = Array.from({ length: 3 }, (_, i) =>
    computations.run('a', () => {
      order.push(i);
      setImmediate(() => order.push(`after ${i}`));
    }),
  );
  await Promise.all(all);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(order, [0, 'after 0', 1, 'after 1', 2, 'after 2']);
});

test('requests that come in one a turn, as from HarperDB, are let in before the next computation', async () => {
  const computations = queue(1000);
  const order = [];
  const run = (client) => computations.run(client, () => order.push(client));
  await run('first');
  const all = [run('flood')];
  const arrivals = [...Array(20).fill('flood'), 'victim'];
  await new Promise((resolve) => {
    const next = () => {
      if (!arrivals.length) return resolve();
      all.push(run(arrivals.shift()));
      return setImmediate(next);
    };
    setImmediate(next);
  });
  await Promise.all(all);
  // Not behind the twenty: a slow machine may have computed a few meanwhile.
  assert.ok(order.indexOf('victim') < 12, order.join(' '));
});

test('requests that never stop coming in hold up no computation for good', async () => {
  const computations = queue(1000);
  let done = 0;
  let stop = false;
  const next = () => {
    if (stop) return;
    computations.run('flood', () => done++).catch(() => {});
    setImmediate(next);
  };
  next();
  while (done < 50) await new Promise((resolve) => setImmediate(resolve));
  stop = true;
});
