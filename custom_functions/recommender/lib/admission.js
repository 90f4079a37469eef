/**
 * Lets requests in: counts them by client, and does their computations in a fair order within a bound.
 */

import { createClientOf } from './clients.js';
import { createComputations } from './computations.js';
import { createRateLimit } from './rate_limit.js';

/**
 * @param {object} options
 * @param {{maxWaiting: number, clientRate: number, proxies: string[]}} options.settings
 * @param {{error: Function}} options.log
 */
export function createAdmission({ settings, log }) {
  const { maxWaiting, clientRate, proxies } = settings;
  const computations = createComputations({ maxWaiting });
  const count = createRateLimit({ rate: clientRate });
  const addressOf = createTolerant(proxies, log);
  const clientOf = (request) => addressOf(request.ip, request.headers['x-forwarded-for']);

  return {
    /**
     * @param {import('fastify').FastifyRequest} request
     * @returns {string} Who sends it: an address, behind stated proxies the forwarded one.
     */
    clientOf,

    /** @returns {{waiting: number, limit: number}} Computations that wait, and how many may. */
    load: () => ({ waiting: computations.waiting, limit: maxWaiting }),

    /**
     * @param {import('fastify').FastifyRequest} request
     * @returns {<T>(work: () => T) => Promise<T>} Does a computation for this request.
     * @throws {import('./errors.js').ServiceError} 429: its client asks too often.
     */
    admit(request) {
      const client = clientOf(request);
      count(client);
      return (work) => computations.run(client, work);
    },
  };
}

function createTolerant(proxies, log) {
  try {
    return createClientOf(proxies);
  } catch (error) {
    log.error('RECOMMENDER_PROXIES: expected addresses and networks; no proxy is trusted', error);
    return createClientOf([]);
  }
}
