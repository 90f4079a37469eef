/**
 * Why a row's model was not taken, and when to try again. What may mend itself is tried after 1, 2, 4 … 60 s;
 * what cannot, only when the row changes.
 */

import { ModelRefused } from './errors.js';

const SHORTEST = 1_000;
const LONGEST = 60_000;

/**
 * @param {() => number} now Milliseconds.
 */
export function createRefusals(now) {
  let last; // {key, version, reason, at, retrying, retryAt, tries}

  return {
    /**
     * @param {{version: string, at?: string}} row
     * @param {Error} error
     * @returns {{reason: string, retrying: boolean, wait: number}}
     */
    note(row, error) {
      const known = error instanceof ModelRefused;
      const key = keyOf(row);
      const tries = last?.key === key ? last.tries + 1 : 1;
      const wait = Math.min(SHORTEST * 2 ** (tries - 1), LONGEST);
      const retrying = !known || error.mayMend;
      // Whatever else was thrown may hold a path or worse; it is for the log.
      const reason = known ? error.message : 'it could not be loaded; the log says why';
      const at = new Date(now()).toISOString();
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
