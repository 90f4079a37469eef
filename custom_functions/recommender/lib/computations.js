/**
 * Computations that wait for this worker's one thread: bounded, and fair between clients. While many wait, a
 * client that has none waiting is served after at most one computation of another, and when there is no room
 * left, the client with the most waiting loses its newest. Between computations the thread is free for
 * everything else, so that health, pages and refusals never wait for more than one.
 *
 * HarperDB hands over one request per turn of the event loop, in the order of their arrival. If each turn
 * computed, one client's requests would wait there, ahead of all others'. So computing pauses while requests
 * come in: they are sorted into the fair queue first.
 *
 * Fair queueing with the longest queue dropped first: Nagle, RFC 970; McKenney, "Stochastic Fairness Queueing",
 * INFOCOM 1990.
 */

import { overloaded } from './errors.js';

/** Requests that come in may hold up the computations for so long, in milliseconds … */
const PATIENCE = 8;
/** … or for so many times as long as the last ones took, on a machine that is busy with other things too. */
const SHARE = 2;

/**
 * @param {object} options
 * @param {number} options.maxWaiting Beyond it a computation is refused at once.
 * @param {number} [options.longest] Milliseconds of short computations done without a pause.
 */
export function createComputations({ maxWaiting, longest = 4 }) {
  const queues = new Map(); // client -> its jobs; the clients in the order of service
  let waiting = 0;
  let arrived = false;
  let arrivalsUntil = -Infinity;

  function enqueue(client, job) {
    arrived = true;
    if (queues.has(client)) queues.get(client).push(job);
    else queues.set(client, [job]);
    waiting++;
    if (waiting === 1) setImmediate(turn);
  }

  function takeNext() {
    const [client, jobs] = queues.entries().next().value;
    queues.delete(client);
    const job = jobs.shift();
    // To the end of the line.
    if (jobs.length) queues.set(client, jobs);
    waiting--;
    return job;
  }

  function serve() {
    const began = performance.now();
    do takeNext().run();
    while (waiting && performance.now() < began + longest);
    const ended = performance.now();
    arrivalsUntil = ended + Math.max(PATIENCE, SHARE * (ended - began));
  }

  function turn() {
    if (!arrived || performance.now() >= arrivalsUntil) serve();
    arrived = false;
    if (waiting) setImmediate(turn);
  }

  /** @returns {boolean} Whether there is room for a job of this client, made if need be. */
  function hasRoom(client) {
    if (waiting < maxWaiting) return true;
    const longestQueue = [...queues.values()].reduce((a, b) => (b.length > a.length ? b : a));
    if ((queues.get(client)?.length ?? 0) + 1 >= longestQueue.length) return false;
    longestQueue.pop().refuse(overloaded());
    waiting--;
    return true;
  }

  return {
    /** @returns {number} How many wait. */
    get waiting() {
      return waiting;
    },

    /**
     * @template T
     * @param {string} client Who asked; computations of one client are done in their order.
     * @param {() => T} work Synchronous.
     * @returns {Promise<T>}
     * @throws {import('./errors.js').ServiceError} 503: too many are waiting.
     */
    run(client, work) {
      if (!hasRoom(client)) return Promise.reject(overloaded());
      return new Promise((resolve, refuse) => {
        const run = () => {
          try {
            resolve(work());
          } catch (error) {
            refuse(error);
          }
        };
        enqueue(client, { run, refuse });
      });
    },
  };
}
