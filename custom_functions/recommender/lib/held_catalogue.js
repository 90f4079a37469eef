/**
 * Keeps a model's catalogue: read once, by a promise that all searches share; read again after a failure, and
 * while rows are missing, because they may still be on their way to this node.
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
 * @param {() => number} [options.now] Milliseconds.
 */
export function createHeldCatalogue({ tables, model, log, now = Date.now }) {
  let catalogue; // the last one that was read whole
  let reading;
  let wait = SHORTEST;
  let nextLook = 0;

  function read() {
    reading ??= readCatalogue({ tables, model })
      .then((read) => (catalogue = read))
      .catch((error) => {
        log.error('the catalogue cannot be read', error);
      })
      .finally(() => {
        reading = undefined;
        nextLook = now() + wait;
        wait = Math.min(wait * 2, LONGEST);
      });
    return reading;
  }

  return {
    model,

    /**
     * @returns {Promise<import('./catalogue.js').Catalogue>}
     * @throws {ServiceError} It could not be read.
     */
    async get() {
      const worthALook = !catalogue || catalogue.missing > 0;
      if (worthALook && now() >= nextLook) read();
      if (!catalogue) await reading;
      if (!catalogue) {
        throw new ServiceError(503, 'no_catalogue', 'The catalogue cannot be read just now.', {
          retryAfter: Math.ceil(wait / 1000),
        });
      }
      return catalogue;
    },

    /** @returns {{status: 'ready' | 'reading' | 'unread', missing?: number}} Without waiting. */
    state() {
      if (catalogue) return { status: 'ready', missing: catalogue.missing };
      return { status: reading ? 'reading' : 'unread' };
    },
  };
}
