/**
 * The tables `events` and `event_keys`, as recording wants to see them. Looked up when used: a component that was
 * just deployed is loaded before its tables are made.
 */

/**
 * @param {{events?: object, event_keys?: object}} database HarperDB's table objects.
 */
export function createEventTables(database) {
  return {
    /** @returns {Promise<{id: string, secret: string, signs_from: number}[]>} */
    async keys() {
      const rows = [];
      const select = ['id', 'secret', 'signs_from'];
      for await (const row of database.event_keys.search({ select })) rows.push({ ...row });
      return rows;
    },

    /** @returns {Promise<boolean>} */
    has: async (id) => Boolean(await database.events.get(id)),

    /** Resolves when the row is committed. */
    put: async (row) => {
      await database.events.put(row);
    },

    /** @returns {Promise<number>} An estimate where the table is large. */
    count: async () => (await database.events.getRecordCount()).recordCount,
  };
}
