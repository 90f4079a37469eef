/**
 * What is shown of items in lists, kept for a minute: the popular ones stand in most answers, and reading a
 * row takes longer than looking it up here. Bounded; the oldest go first. A row that is missing is not kept,
 * because it may be on its way to this node.
 */

import { shown } from './catalogue.js';

const MOST = 20_000;
const FRESH = 60_000; // ms

/**
 * @param {object} options
 * @param {{item: (id: string) => Promise<object | undefined>}} options.tables
 * @param {{name: string}[]} options.fields The manifest's.
 * @param {() => number} [options.now] Monotonic milliseconds.
 * @returns {(ids: string[]) => Promise<Record<string, string>[]>} In the order of the ids.
 */
export function createShownItems({ tables, fields, now = () => performance.now() }) {
  const kept = new Map(); // id -> {item, at}; the oldest first

  async function read(id) {
    const row = await tables.item(id);
    const item = shown(id, row, fields);
    kept.delete(id);
    if (row) kept.set(id, { item, at: now() });
    if (kept.size > MOST) kept.delete(kept.keys().next().value);
    return item;
  }

  return async function show(ids) {
    const oldest = now() - FRESH;
    const items = ids.map((id) => {
      const found = kept.get(id);
      return found && found.at >= oldest ? found.item : read(id);
    });
    return Promise.all(items);
  };
}
