/**
 * The two rows of `current` as they were last read: which version is current, and which is a candidate. What
 * stands in a row may be anything; a row that names no version says so as its `problem`.
 */

/**
 * @param {object} options
 * @param {{pointer: () => Promise<object | undefined>, candidate: () => Promise<object | undefined>}} options.tables
 * @param {{error: Function}} options.log
 *
 * @typedef {{version: string, at?: string, by?: string, history?: unknown, problem?: string}} Row
 */
export function createPointers({ tables, log }) {
  let current;
  let candidate;
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

    /** Whether the last attempt to read the rows failed. */
    get unreadable() {
      return unreadable;
    },

    /** @returns {Promise<boolean>} Whether the rows could be read; never rejects. */
    async read() {
      try {
        // The candidate first: a deploy moves the pointer before it withdraws the candidate, so when the
        // candidate is gone here, its pointer row is there.
        const rows = [await tables.candidate(), await tables.pointer()];
        [candidate, current] = rows.map(rowOf);
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
  if (typeof version === 'string' && version !== '') return { version, at, by, history };
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
