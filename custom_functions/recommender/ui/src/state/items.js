import { shallowReactive } from 'vue';
import { ApiError } from '../api.js';

/**
 * What is known of each item by its id, from whichever answer brought it first.
 *
 * @param {import('../api.js').Api} api
 * @param {() => string} collection
 */
export function useItems(api, collection) {
  const known = shallowReactive(new Map());
  const asked = new Set();

  function keep(items) {
    for (const item of items) {
      // A search answer names less than the item's own record does.
      known.set(item.id, { ...known.get(item.id), ...item });
    }
  }

  /** Looks up those ids that nothing is known of; one that is nowhere is kept as `missing`. */
  async function need(ids) {
    const wanted = ids.filter((id) => !known.has(id) && !asked.has(id));
    for (const id of wanted) asked.add(id);
    await Promise.all(
      wanted.map(async (id) => {
        try {
          // Another edition's id is answered with the work's; picked it was as the edition.
          known.set(id, { ...(await api.item(collection(), id)), id });
        } catch (error) {
          if (error instanceof ApiError && error.status < 500) known.set(id, { id, missing: true });
        } finally {
          asked.delete(id);
        }
      }),
    );
  }

  const get = (id) => known.get(id) ?? { id, loading: true };
  return { get, keep, need };
}
