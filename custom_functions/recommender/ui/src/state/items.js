import { shallowReactive } from 'vue';
import { ApiError } from '../api.js';

/**
 * The items received so far, by id.
 *
 * @param {import('../api.js').Api} api
 * @param {() => string} collection
 */
export function useItems(api, collection) {
  const known = shallowReactive(new Map());
  /** Ids that were not found, with the version of the model at the time. */
  const missing = shallowReactive(new Map());
  const asked = new Set();

  function learn(id, item) {
    known.set(id, { ...known.get(id), ...item, id });
    missing.delete(id);
  }

  /**
   * Looks up unknown ids. One that was not found is looked up again under another model, which may contain
   * it.
   *
   * @param {string[]} ids
   * @param {string} version Of the model that answers.
   */
  async function need(ids, version) {
    const isOpen = (id) => !known.has(id) && !asked.has(id) && missing.get(id) !== version;
    const wanted = ids.filter(isOpen);
    for (const id of wanted) asked.add(id);
    await Promise.all(
      wanted.map(async (id) => {
        try {
          // The answer for another edition has the id of the work; keep it under the id that was picked.
          learn(id, await api.item(collection(), id));
        } catch (error) {
          if (error instanceof ApiError && error.status < 500) missing.set(id, version);
        } finally {
          asked.delete(id);
        }
      }),
    );
  }

  return {
    /** @param {object[]} items As an answer names them, which may be less than the item's own record. */
    keep(items) {
      for (const item of items) learn(item.id, item);
    },
    need,
    /** @param {string} id @returns {object} The item; else its id, and whether it is `missing` or `loading`. */
    get: (id) => known.get(id) ?? { id, [missing.has(id) ? 'missing' : 'loading']: true },
  };
}
