import { computed, onScopeDispose, ref, shallowRef } from 'vue';
import { readPlace, writePlace } from '../address.js';

/** As many favourites as a question may hold. */
export const MOST = 10;

/**
 * The picked favourites and the settings. The address is where they live: every change writes it,
 * and going back reads it.
 *
 * @param {string} collection
 */
export function usePlace(collection) {
  const place = shallowRef(readPlace(location.search, collection));
  // Moves that are made one after the other by dragging are one step back, not fifty.
  const dragging = ref(false);

  function go(change, { replace = false } = {}) {
    place.value = { ...place.value, ...change };
    const address = location.pathname + writePlace(place.value, collection) + location.hash;
    if (replace || dragging.value) history.replaceState(null, '', address);
    else history.pushState(null, '', address);
  }

  const back = () => (place.value = readPlace(location.search, collection));
  addEventListener('popstate', back);
  onScopeDispose(() => removeEventListener('popstate', back));

  return {
    place,
    favourites: computed(() => place.value.favourites),
    dismissed: computed(() => place.value.dismissed),
    full: computed(() => place.value.favourites.length >= MOST),
    add(id) {
      const { favourites, dismissed } = place.value;
      if (favourites.includes(id) || favourites.length >= MOST) return;
      go({ favourites: [...favourites, id], dismissed: dismissed.filter((other) => other !== id) });
    },
    pick: (ids) => go({ favourites: ids.slice(0, MOST), dismissed: [] }),
    remove: (id) => go({ favourites: place.value.favourites.filter((other) => other !== id) }),
    clear: () => go({ favourites: [], dismissed: [] }),
    dismiss: (id) => go({ dismissed: [...new Set([...place.value.dismissed, id])] }),
    restore: (id) => go({ dismissed: place.value.dismissed.filter((other) => other !== id) }),
    choose: (strategy) => go({ strategy }),
    compare: (strategy) => go({ compare: strategy }),
    vary(variety) {
      go({ variety });
      dragging.value = true;
    },
    settle: () => (dragging.value = false),
  };
}
