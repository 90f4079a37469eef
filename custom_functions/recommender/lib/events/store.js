/**
 * The table of events: rows once each, in order of arrival, and a bound on how many.
 */

/**
 * @param {object} options
 * @param {{has: Function, put: Function, count: Function}} options.table
 * @param {{name: string, worker: number}} options.node
 * @param {number} options.maxRows
 * @param {{warn: Function}} options.log
 * @param {() => number} [options.now] Milliseconds since 1970.
 */
export function createStore({ table, node, maxRows, log, now = Date.now }) {
  let rows = null; // by the last count, and what was added here since
  let number = 0;

  return {
    /** Counts the rows; never rejects. HarperDB scans the table for it, so not for each batch. */
    async count() {
      try {
        rows = await table.count();
      } catch (error) {
        log.warn('the stored events cannot be counted', error);
      }
    },

    /** @returns {boolean} Whether no more may be stored. */
    isFull: () => rows !== null && rows >= maxRows,

    /** @returns {{rows: number | null, max_rows: number, full: boolean}} Null: not counted yet. */
    state() {
      return { rows, max_rows: maxRows, full: this.isFull() };
    },

    /**
     * Stores a row unless it is there; resolves when it is committed.
     *
     * @param {object} row
     * @returns {Promise<boolean>} Whether it is new.
     */
    async add(row) {
      if (await table.has(row.id)) return false;
      const arrived = now();
      const arrival = `${node.name}/${String(arrived).padStart(13, '0')}-${node.worker}-${number++}`;
      await table.put({ ...row, node: node.name, arrived, arrival });
      if (rows !== null) rows++;
      return true;
    },
  };
}
