/**
 * Why a row's model was refused, and when to try again. What may pass by itself is tried after 1, 2, 4 … 60 s;
 * a lasting refusal only when the row changes, or every 60 s if the caller asks for it.
 */

import { ModelRefused } from './errors.js';

const SHORTEST = 1_000;
const LONGEST = 60_000;

/**
 * @param {() => number} now Monotonic milliseconds: a clock that is set must not move the next try.
 */
export function createRefusals(now) {
  let last; // {key, version, reason, at, retrying, retryAt, tries}

  return {
    /**
     * @param {{version: string, at?: string}} row
     * @param {Error} error
     * @param {boolean} [keepTrying] Even if it lasts, at the longest interval.
     * @returns {{reason: string, retrying: boolean, wait: number}}
     */
    note(row, error, keepTrying = false) {
      const known = error instanceof ModelRefused;
      const key = keyOf(row);
      const tries = last?.key === key ? last.tries + 1 : 1;
      const temporary = !known || error.temporary;
      const wait = temporary ? Math.min(SHORTEST * 2 ** (tries - 1), LONGEST) : LONGEST;
      const retrying = temporary || keepTrying;
      // Whatever else was thrown may hold a path or worse; it is for the log.
      const reason = known ? error.message : 'it could not be loaded; the log says why';
      const at = new Date().toISOString();
      const retryAt = retrying ? now() + wait : Infinity;
      last = { key, version: String(row.version), reason, at, retrying, retryAt, tries };
      return { reason, retrying, wait };
    },

    /**
     * @param {{version: string, at?: string}} row
     * @returns {boolean} Whether loading it makes sense now.
     */
    mayTry: (row) => last?.key !== keyOf(row) || now() >= last.retryAt,

    /**
     * @param {{version: string, at?: string} | undefined} row
     * @returns {{version: string, reason: string, at: string, retrying: boolean} | undefined}
     */
    of(row) {
      if (!row || last?.key !== keyOf(row)) return undefined;
      const { version, reason, at, retrying } = last;
      return { version, reason, at, retrying };
    },

    /** @returns {number} Whole seconds until the next try, at least 1. */
    seconds() {
      const left = last?.retrying ? (last.retryAt - now()) / 1000 : 1;
      return Math.max(1, Math.ceil(left));
    },

    /** The row's model was taken. */
    clear() {
      last = undefined;
    },
  };
}

const keyOf = ({ version, at }) => JSON.stringify([version, at]);
