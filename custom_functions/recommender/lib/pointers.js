/**
 * The three rows of `current` that the timer reads, as they were last read: which version is current, which is a
 * candidate, and the experiment. What stands in a row may be anything; a row that names no version says so as its
 * `problem`.
 */

import { defaultsOf } from './experiments/defaults.js';
import { experimentRowOf } from './experiments/row.js';

/**
 * @param {object} options
 * @param {Pick<ReturnType<import('./tables.js').createTables>, 'pointer' | 'candidate' | 'experiment'>} options.tables
 * @param {{error: Function}} options.log
 *
 * @typedef {{version: string, at?: string, by?: string, history?: unknown,
 *   defaults?: import('./experiments/defaults.js').Defaults, problem?: string}} Row
 */
export function createPointers({ tables, log }) {
  let current;
  let candidate;
  let experiment;
  let unreadable = false;

  return {
    /** @returns {Row | undefined} */
    get current() {
      return current;
    },

    /** @returns {Row | undefined} */
    get candidate() {
      return candidate;
    },

    /** @returns {import('./experiments/row.js').ExperimentRow | undefined} */
    get experiment() {
      return experiment;
    },

    /** @returns {string[]} The versions to keep beside the one that answers. */
    get besides() {
      return [candidate, experiment]
        .filter((row) => row && !row.problem)
        .map(({ version }) => version);
    },

    /** Whether the last attempt to read the rows failed. */
    get unreadable() {
      return unreadable;
    },

    /** @returns {Promise<boolean>} Whether the rows could be read; never rejects. */
    async read() {
      try {
        // The pointer last: a deploy moves it before it withdraws the candidate, and a promotion before it ends the
        // experiment, so when one of these is gone here, its pointer row is there.
        const rows = [await tables.candidate(), await tables.experiment(), await tables.pointer()];
        [candidate, experiment, current] = [
          rowOf(rows[0]),
          experimentRowOf(rows[1]),
          rowOf(rows[2]),
        ];
        unreadable = false;
      } catch (error) {
        // Read several times a second: one line in the log per outage is enough.
        if (!unreadable) log.error('the rows of current cannot be read', error);
        unreadable = true;
      }
      return !unreadable;
    },
  };
}

function rowOf(raw) {
  if (raw === undefined || raw === null) return undefined;
  const { version, at, by, history } = raw;
  const defaults = defaultsOf(raw.defaults);
  if (typeof version === 'string' && version !== '') return { version, at, by, history, defaults };
  const found = described(version);
  const problem = `The row of current names no version: expected a text, found ${found}.`;
  return { version: found, at, by, history, problem };
}

function described(value) {
  if (value === null || value === undefined) return String(value);
  if (value === '') return 'an empty text';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `the ${typeof value} ${value}`;
}
