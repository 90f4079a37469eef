/**
 * Keeps a model's catalogue: read once, by a promise that all searches share; read again after a failure, and
 * while rows are missing, because they may still be on their way to this node. The reading is begun by a load or
 * by the timer, never by a request.
 */

import { readCatalogue } from './catalogue.js';
import { ServiceError } from './errors.js';

const SHORTEST = 2_000;
const LONGEST = 600_000;

/**
 * @param {object} options
 * @param {object} options.tables
 * @param {import('./model.js').Model} options.model
 * @param {{error: Function}} options.log
 * @param {() => number} [options.now] Monotonic milliseconds.
 */
export function createHeldCatalogue({ tables, model, log, now = () => performance.now() }) {
  let catalogue; // the last one that was read whole
  let reading;
  let wait = SHORTEST;
  let nextRead = 0;

  async function read() {
    try {
      catalogue = await readCatalogue({ tables, model });
    } catch (error) {
      log.error('the catalogue cannot be read', error);
    }
    reading = undefined;
    nextRead = now() + wait;
    wait = Math.min(wait * 2, LONGEST);
  }

  return {
    model,

    /** @returns {Promise<void> | undefined} Ends with the reading, where one is due or under way; never rejects. */
    refresh() {
      const isDue = (!catalogue || catalogue.missing > 0) && now() >= nextRead;
      if (isDue) reading ??= read();
      return reading;
    },

    /**
     * @returns {Promise<import('./catalogue.js').Catalogue>}
     * @throws {ServiceError} It could not be read.
     */
    async get() {
      if (!catalogue) await reading;
      if (catalogue) return catalogue;
      throw new ServiceError(503, 'no_catalogue', 'The catalogue cannot be read at the moment.', {
        retryAfter: Math.ceil(wait / 1000),
      });
    },

    /** @returns {{status: 'ready' | 'reading' | 'unread', missing?: number}} Without waiting. */
    state() {
      if (catalogue) return { status: 'ready', missing: catalogue.missing };
      return { status: reading ? 'reading' : 'unread' };
    },
  };
}
