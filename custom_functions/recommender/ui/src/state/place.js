import { computed, onScopeDispose, shallowRef, watch } from 'vue';
import { readPlace, writePlace } from '../address.js';

/** The route's own bound, however many a model takes. */
const MOST = 10;

/**
 * @param {object} manifest
 * @returns {number} As many favourites as a question to this model may hold.
 */
export const mostFavourites = ({ sizes }) => Math.min(sizes.favourites, MOST);

/**
 * The picked favourites and the settings. The address is where they live: every change writes it,
 * and going back reads it.
 *
 * @param {string} collection
 * @param {import('vue').Ref<number>} most Favourites.
 */
export function usePlace(collection, most) {
  const read = () => readPlace(location.search, collection, most.value);
  const place = shallowRef(read());
  let isVarying = false;

  function go(change, { replace = false } = {}) {
    place.value = { ...place.value, ...change };
    const address = location.pathname + writePlace(place.value, collection) + location.hash;
    if (replace) history.replaceState(null, '', address);
    else history.pushState(null, '', address);
    isVarying = false;
  }

  function back() {
    place.value = read();
    isVarying = false;
  }
  addEventListener('popstate', back);
  onScopeDispose(() => removeEventListener('popstate', back));
  // Another model may take fewer; what it has no room for stays in the address until something changes.
  watch(most, back);

  return {
    place,
    favourites: computed(() => place.value.favourites),
    dismissed: computed(() => place.value.dismissed),
    full: computed(() => place.value.favourites.length >= most.value),
    add(id) {
      const { favourites, dismissed } = place.value;
      if (favourites.includes(id) || favourites.length >= most.value) return;
      go({ favourites: [...favourites, id], dismissed: dismissed.filter((other) => other !== id) });
    },
    pick: (ids) => go({ favourites: ids.slice(0, most.value), dismissed: [] }),
    remove: (id) => go({ favourites: place.value.favourites.filter((other) => other !== id) }),
    clear: () => go({ favourites: [], dismissed: [] }),
    dismiss: (id) => go({ dismissed: [...new Set([...place.value.dismissed, id])] }),
    restore: (id) => go({ dismissed: place.value.dismissed.filter((other) => other !== id) }),
    choose: (strategy) => go({ strategy }),
    compare: (strategy) => go({ compare: strategy }),
    /** Moves that are made one after the other by dragging are one step back, not fifty. */
    vary(variety) {
      go({ variety }, { replace: isVarying });
      isVarying = true;
    },
    settle: () => (isVarying = false),
  };
}
