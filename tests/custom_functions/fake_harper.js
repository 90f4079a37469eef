/**
 * HarperDB's table objects as a component sees them, in memory: typed keys, records whose attributes are no own
 * properties, blobs with `bytes()`. Stands at the wire: everything behind it is ours and real.
 */

/** A table of `databases.<name>`. */
export class FakeTable {
  #rows = new Map();
  #key;

  /** @param {string} key Name of the primary key. */
  constructor(key = 'id') {
    this.#key = key;
    /** Set it to make every read and write fail with this error. */
    this.failure = undefined;
    /** How many rows or records were asked for. */
    this.gets = 0;
    this.searches = 0;
  }

  put(row) {
    if (this.failure) throw this.failure;
    this.#rows.set(row[this.#key], row);
  }

  delete(key) {
    this.#rows.delete(key);
  }

  async get(key) {
    this.gets++;
    if (this.failure) throw this.failure;
    const row = this.#rows.get(key);
    return row && record(row);
  }

  async getRecordCount() {
    if (this.failure) throw this.failure;
    return { recordCount: this.#rows.size };
  }

  /** @returns {object[]} The rows as they were put. */
  rows() {
    return [...this.#rows.values()];
  }

  // What we ask for and no more: all rows, or those behind a key, in the order of their keys.
  async *search({ select, conditions = [], limit = Infinity }) {
    this.searches++;
    const behind = conditions.map(({ comparator, attribute, value }) => {
      if (comparator !== 'greater_than' || attribute !== this.#key)
        throw new Error('not understood');
      return value;
    });
    const keys = [...this.#rows.keys()].filter((key) => behind.every((value) => key > value));
    for (const key of keys.sort().slice(0, limit)) {
      if (this.failure) throw this.failure;
      const row = this.#rows.get(key);
      const named = select.filter((name) => Object.hasOwn(row, name));
      yield Object.fromEntries(named.map((name) => [name, row[name]]));
    }
  }
}

// Like HarperDB's: readable by name, but Object.keys finds nothing.
function record(row) {
  const attributes = Object.keys(row).map((name) => [
    name,
    { get: () => row[name], enumerable: false },
  ]);
  const prototype = Object.create(null, {
    ...Object.fromEntries(attributes),
    toJSON: { value: () => ({ ...row }), enumerable: false },
  });
  return Object.create(prototype);
}

/** A blob whose bytes begin at an odd place of a larger buffer, as HarperDB's do. */
export class FakeBlob {
  #content;

  constructor(content) {
    const whole = Buffer.alloc(content.length + 8);
    whole.set(content, 8);
    this.#content = whole.subarray(8);
    this.size = content.length;
  }

  async bytes() {
    return this.#content;
  }

  async arrayBuffer() {
    return new Uint8Array(this.#content).buffer;
  }
}

/**
 * A database with the component's tables.
 *
 * @returns {Record<'items' | 'models' | 'current' | 'events' | 'event_keys', FakeTable>}
 */
export function fakeDatabase() {
  return {
    items: new FakeTable(),
    models: new FakeTable('version'),
    current: new FakeTable(),
    events: new FakeTable(),
    event_keys: new FakeTable(),
  };
}

/**
 * Does what `deploy` does: rows, then the model's record.
 *
 * @param {ReturnType<typeof fakeDatabase>} database
 * @param {{files: object, manifest: object, rows: object[]}} bundle
 * @param {object} [overrides] Attributes of the record.
 * @returns {object} The record.
 */
export function push(database, bundle, overrides = {}) {
  for (const row of bundle.rows) database.items.put(row);
  const record = {
    version: bundle.manifest.version,
    created: bundle.manifest.created,
    manifest: JSON.stringify(bundle.manifest),
    topology: new FakeBlob(bundle.files['model.json']),
    weights: new FakeBlob(Buffer.concat(shards(bundle.files))),
    item_ids: new FakeBlob(bundle.files['item_ids.json']),
    ...optional('editions', bundle.files['editions.json']),
    probes: new FakeBlob(bundle.files['probes.json']),
    ...overrides,
  };
  database.models.put(record);
  return record;
}

/**
 * Writes a row of `current`.
 *
 * @param {ReturnType<typeof fakeDatabase>} database
 * @param {string} version
 * @param {{id?: string, at?: string, by?: string}} [more]
 */
export function point(
  database,
  version,
  { id = 'current', at = new Date().toISOString(), by = 'ann' } = {},
) {
  database.current.put({ id, version, at, by });
}

const optional = (name, content) => (content ? { [name]: new FakeBlob(content) } : {});

// In the order of `model.json`.
function shards(files) {
  const { weightsManifest } = JSON.parse(files['model.json']);
  return weightsManifest.flatMap((group) => group.paths).map((path) => files[path]);
}
