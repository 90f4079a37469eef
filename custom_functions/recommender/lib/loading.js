/**
 * Loads one model at a time, in the background, for one of four roles: the `current` version, the `candidate`
 * for it, the `challenger` of an experiment, or a `fallback` for a current version that cannot be loaded. Remembers
 * for each role what was refused.
 */

import { ModelRefused } from './errors.js';
import { createRefusals } from './refusals.js';

/**
 * @param {object} options
 * @param {{info: Function, error: Function}} options.log
 * @param {() => number} options.now Monotonic milliseconds.
 */
export function createLoading({ log, now }) {
  const refusals = {
    current: createRefusals(now),
    candidate: createRefusals(now),
    challenger: createRefusals(now),
    fallback: createRefusals(now),
  };
  let underWay; // {version, promise}

  async function load(row, role, { open, place, keepTrying }) {
    const began = now();
    try {
      const model = await open();
      refusals[role].clear();
      log.info(`model ${model.version} loaded and verified in ${Math.round(now() - began)} ms`);
      await place(model);
    } catch (error) {
      const { reason, retrying, wait } = refusals[role].note(row, error, keepTrying());
      const next = retrying ? `; next try in ${wait} ms` : '';
      // The reason of a refusal is complete; only an error beneath it deserves a stack trace.
      const cause = error instanceof ModelRefused ? error.cause : error;
      log.error(
        `model ${row.version} (${role}) refused: ${reason}${next}`,
        ...[cause ?? []].flat(),
      );
    }
  }

  return {
    refusals,

    /** @returns {{version: string, promise: Promise<void>} | undefined} The load under way. */
    get underWay() {
      return underWay;
    },

    /**
     * Begins a load, unless another one is under way or it is too early for another attempt.
     *
     * @param {{version: string, at?: string}} row
     * @param {'current' | 'candidate' | 'challenger' | 'fallback'} role
     * @param {object} how
     * @param {() => Promise<object>} how.open
     * @param {(model: object) => Promise<void>} how.place Takes the opened model, or disposes of it.
     * @param {() => boolean} [how.keepTrying] Whether to try even a lasting refusal again, now and then.
     * @param {() => void} [how.done] Called when the load has ended, either way.
     */
    start(row, role, { open, place, keepTrying = () => false, done = () => {} }) {
      if (underWay || !refusals[role].mayTry(row)) return;
      const promise = load(row, role, { open, place, keepTrying }).finally(() => {
        underWay = undefined;
        done();
      });
      underWay = { version: row.version, promise };
    },
  };
}
