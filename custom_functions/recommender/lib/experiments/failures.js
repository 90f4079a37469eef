/**
 * How often a challenger failed in a row. Forgotten when the row of the experiment changes.
 */

/**
 * @param {number} most So many are enough; nothing undoes that but another row.
 */
export function createFailures(most) {
  let key;
  let count = 0;
  const keyOf = ({ at, experiment }) => JSON.stringify([experiment?.id, at]);

  return {
    /**
     * @param {import('./row.js').ExperimentRow} row
     * @returns {boolean} Whether this failure made it enough.
     */
    add(row) {
      count = key === keyOf(row) ? count + 1 : 1;
      key = keyOf(row);
      return count === most;
    },

    /** After a success those before it were not in a row. */
    end() {
      if (count < most) count = 0;
    },

    /**
     * @param {import('./row.js').ExperimentRow} row
     * @returns {boolean}
     */
    areEnough: (row) => count >= most && key === keyOf(row),
  };
}
