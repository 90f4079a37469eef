/**
 * The three tables of docs/tables.md, as the rest of the component wants to see them. HarperDB's table objects
 * are used directly: no request body is ever handed on to an operation.
 */

const HIDDEN = /^_|^digest$/;

// Null: an earlier catalogue had the attribute, the item's present row has none.
const isShown = ([name, value]) => !HIDDEN.test(name) && value !== null;

// HarperDB closes a read that is open for half a minute, which a busy node may need for a great table.
const PAGE = 1000;

/**
 * @param {Record<string, object>} tables HarperDB's `databases.<name>`, with `items`, `models`, `current`.
 */
export function createTables(tables) {
  return {
    /** @returns {Promise<{version: string, at?: string, by?: string} | undefined>} The pointer row. */
    async pointer() {
      return plain(await tables.current.get('current'));
    },

    /** @returns {Promise<{version: string, at?: string, by?: string} | undefined>} The candidate row. */
    async candidate() {
      return plain(await tables.current.get('candidate'));
    },

    /** @returns {Promise<{version: string, at?: string, experiment?: unknown} | undefined>} The experiment's row. */
    async experiment() {
      return plain(await tables.current.get('experiment'));
    },

    /** @returns {Promise<{experiments?: unknown} | undefined>} What experiments found. */
    async experiments() {
      return plain(await tables.current.get('experiments'));
    },

    /** @returns {Promise<{rounds?: unknown} | undefined>} What the loop did last. */
    async rounds() {
      return plain(await tables.current.get('rounds'));
    },

    /**
     * @param {string} version
     * @returns {Promise<object | undefined>} Manifest text and blobs.
     */
    async model(version) {
      return tables.models.get(version);
    },

    /** @returns {Promise<{version: string, created?: string}[]>} All that are stored, newest first. */
    async versions() {
      const rows = [];
      for await (const row of tables.models.search({ select: ['version', 'created'] })) {
        rows.push({ version: String(row.version), created: row.created ?? null });
      }
      return rows.sort((a, b) => (b.created ?? '').localeCompare(a.created ?? ''));
    },

    /**
     * @param {string} id
     * @returns {Promise<Record<string, unknown> | undefined>} What may be shown of the row.
     */
    async item(id) {
      const row = plain(await tables.items.get(id));
      return row && Object.fromEntries(Object.entries(row).filter(isShown));
    },

    /**
     * @param {string[]} fields
     * @returns {AsyncGenerator<Record<string, unknown>>} All rows with `id` and these fields, by id.
     */
    async *items(fields) {
      const select = ['id', ...fields];
      let last = '';
      for (let found = PAGE; found === PAGE;) {
        found = 0;
        const after = { attribute: 'id', comparator: 'greater_than', value: last };
        for await (const row of tables.items.search({ conditions: [after], limit: PAGE, select })) {
          found++;
          last = row.id;
          yield row;
        }
      }
    },
  };
}

// A record's attributes are no own properties of what `get` returns; its toJSON knows them.
const plain = (record) => (typeof record?.toJSON === 'function' ? record.toJSON() : record);
