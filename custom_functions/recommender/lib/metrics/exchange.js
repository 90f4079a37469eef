/**
 * The workers of a node exchange what each of them has counted: a scrape reaches one of them by chance, and has to
 * answer for all. HarperDB's workers are threads of one process, so a broadcast channel connects them.
 */

import { randomUUID } from 'node:crypto';
import { BroadcastChannel } from 'node:worker_threads';

/** Longest wait for the others, in milliseconds: a worker may be busy with a computation or a load. */
const PATIENCE = 1000;
/** An answer is used again for so many milliseconds: asking often must not keep all workers busy. */
const FRESH = 200;

/**
 * @param {object} options
 * @param {string} options.name Of the channel; the same in all workers, another for each recommender.
 * @param {{worker: number, workers?: number}} options.node `workers`: how many the node has; unknown: every gathering
 *   waits for as long as it may.
 * @param {() => object} options.read What this worker reports: plain data.
 * @param {number} [options.patience]
 * @param {number} [options.fresh]
 *
 * @typedef {{worker: number, report: object}} Report
 */
export function createExchange({ name, node, read, patience = PATIENCE, fresh = FRESH }) {
  const channel = new BroadcastChannel(name);
  const pending = new Map(); // question -> (answer) => void
  let last; // {at, gathered}

  channel.onmessage = ({ data: { question, answer } }) => {
    // Every worker hears every answer; only who asked waits for it.
    if (answer) pending.get(question)?.(answer);
    else channel.postMessage({ question, answer: own() });
  };
  // A channel that listens would keep the worker from ending.
  channel.unref();

  const own = () => ({ worker: node.worker, report: read() });

  function ask() {
    const reports = new Map([[node.worker, own()]]);
    const question = randomUUID();
    return new Promise((resolve) => {
      const timer = setTimeout(done, patience);
      function done() {
        clearTimeout(timer);
        pending.delete(question);
        resolve([...reports.values()].sort((a, b) => a.worker - b.worker));
      }
      pending.set(question, (answer) => {
        reports.set(answer.worker, answer);
        if (reports.size >= node.workers) done();
      });
      if (node.workers === 1) done();
      else channel.postMessage({ question });
    });
  }

  return {
    /** @returns {Promise<Report[]>} Of this worker and of those that answer in time, by worker. */
    gather() {
      const now = performance.now();
      if (!last || now - last.at > fresh) last = { at: now, gathered: ask() };
      return last.gathered;
    },

    close: () => channel.close(),
  };
}
