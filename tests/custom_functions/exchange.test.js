import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { createExchange } from '../../custom_functions/recommender/lib/metrics/exchange.js';

const threads = [];
after(() => Promise.all(threads.map((thread) => thread.terminate())));

async function start(workerData) {
  const thread = new Worker(new URL('./metrics_worker.js', import.meta.url), { workerData });
  threads.push(thread);
  await once(thread, 'message');
  return thread;
}

async function gatherIn(thread) {
  thread.postMessage('gather');
  return (await once(thread, 'message'))[0];
}

test('whichever worker is asked, it reports for all', async () => {
  const name = 'test: all report';
  const node = (worker) => ({ name, worker, workers: 3 });
  const workers = await Promise.all([5, 2, 9].map((worker) => start(node(worker))));
  for (const thread of workers) {
    const reports = await gatherIn(thread);
    assert.deepEqual(
      reports.map(({ worker }) => worker),
      [2, 5, 9],
    );
  }
  // Two ask at once, and each gets its own answers.
  const both = await Promise.all(workers.slice(0, 2).map(gatherIn));
  for (const reports of both) assert.equal(reports.length, 3);
});

test('a busy worker is left out after a bounded wait', async () => {
  const name = 'test: one is busy';
  await start({ name, worker: 2, workers: 3, busy: true });
  await start({ name, worker: 3, workers: 3 });
  const node = { worker: 1, workers: 3 };
  const exchange = createExchange({ name, node, read: () => ({}), patience: 2000 });
  const reports = await exchange.gather();
  assert.deepEqual(
    reports.map(({ worker }) => worker),
    [1, 3],
  );
  exchange.close();
});

test('recommenders of a node do not hear each other', async () => {
  const of = (name) =>
    createExchange({ name, node: { worker: 1, workers: 2 }, read: () => name, patience: 50 });
  const [songs, books] = ['test: songs', 'test: books'].map(of);
  assert.deepEqual(await songs.gather(), [{ worker: 1, report: 'test: songs' }]);
  songs.close();
  books.close();
});

test('asked many times in a moment, the workers report once', async () => {
  let reads = 0;
  const read = () => ++reads;
  const node = { worker: 1, workers: 1 };
  const exchange = createExchange({ name: 'test: once', node, read, fresh: 60_000 });
  await Promise.all(Array.from({ length: 50 }, () => exchange.gather()));
  assert.equal(reads, 1);
  exchange.close();
});

test('a worker that exchanges figures ends when it has nothing else to do', async () => {
  const thread = await start({ name: 'test: ends', worker: 1, workers: 1 });
  thread.postMessage('end');
  await once(thread, 'exit');
});
