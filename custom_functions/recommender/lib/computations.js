/**
 * Computations that wait for this worker's one thread: bounded, and fair between clients. While many wait, a
 * client that has none waiting is served after at most one computation of another, and when there is no room
 * left, the client with the most waiting loses its newest. Between computations the thread is free for
 * everything else, so that health, pages and refusals never wait for more than one.
 *
 * HarperDB hands over one request per turn of the event loop, in the order of their arrival. If each turn
 * computed, one client's requests would wait there, ahead of all others'. So while all that wait are of the
 * client that was served last, computing pauses as long as requests come in: another client's may be among them.
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
  const queue = createFairQueue();
  let arrived = false;
  let arrivalsUntil = -Infinity;

  function serve() {
    const began = performance.now();
    do queue.take().run();
    while (queue.length && performance.now() < began + longest);
    const ended = performance.now();
    arrivalsUntil = ended + Math.max(PATIENCE, SHARE * (ended - began));
  }

  function turn() {
    if (!arrived || queue.hasOther || performance.now() >= arrivalsUntil) serve();
    arrived = false;
    if (queue.length) setImmediate(turn);
  }

  return {
    /** @returns {number} How many wait. */
    get waiting() {
      return queue.length;
    },

    /**
     * @template T
     * @param {string} client Who asked; computations of one client are done in their order.
     * @param {() => T} work Synchronous.
     * @returns {Promise<T>}
     * @throws {import('./errors.js').ServiceError} 503: too many are waiting.
     */
    async run(client, work) {
      if (queue.length >= maxWaiting) queue.makeRoom(client).refuse(overloaded());
      return new Promise((resolve, refuse) => {
        const run = () => {
          try {
            resolve(work());
          } catch (error) {
            refuse(error);
          }
        };
        queue.put(client, { run, refuse });
        arrived = true;
        if (queue.length === 1) setImmediate(turn);
      });
    },
  };
}

/** Jobs by client; the clients take turns. */
function createFairQueue() {
  const queues = new Map(); // client -> its jobs; the clients in the order of service
  let length = 0;
  let lastClient;

  return {
    get length() {
      return length;
    },

    /** Whether a job waits that is not of the client served last. */
    get hasOther() {
      return queues.size > 1 || !queues.has(lastClient);
    },

    put(client, job) {
      if (queues.has(client)) queues.get(client).push(job);
      else queues.set(client, [job]);
      length++;
    },

    take() {
      const [client, jobs] = queues.entries().next().value;
      const job = jobs.shift();
      queues.delete(client);
      // To the end of the line.
      if (jobs.length) queues.set(client, jobs);
      lastClient = client;
      length--;
      return job;
    },

    /**
     * @param {string} client Who wants to put a job.
     * @returns {object} The job that was taken out instead.
     * @throws {import('./errors.js').ServiceError} There is none: no other client has more waiting.
     */
    makeRoom(client) {
      const most = [...queues.values()].reduce((a, b) => (b.length > a.length ? b : a));
      const own = queues.get(client)?.length ?? 0;
      if (own + 1 >= most.length) throw overloaded();
      length--;
      return most.pop();
    },
  };
}
