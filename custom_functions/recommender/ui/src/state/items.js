import { shallowReactive } from 'vue';
import { ApiError } from '../api.js';

/**
 * What is known of each item by its id, from whichever answer brought it.
 *
 * @param {import('../api.js').Api} api
 * @param {() => string} collection
 */
export function useItems(api, collection) {
  const known = shallowReactive(new Map());
  /** Ids that are nowhere, and the version of the model under which they were asked for. */
  const missing = shallowReactive(new Map());
  const asked = new Set();

  function learn(id, item) {
    known.set(id, { ...known.get(id), ...item, id });
    missing.delete(id);
  }

  /**
   * Looks up those ids that nothing is known of. One that is nowhere is asked for again when another
   * model answers: that one may know it.
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
          // Another edition's id is answered with the work's; picked it was as the edition.
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
