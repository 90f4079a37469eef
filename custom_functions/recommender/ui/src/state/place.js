import { computed } from 'vue';
import { START } from '../address.js';
import { useSteps } from './steps.js';

/**
 * The favourites and the settings, which are kept in the address.
 *
 * @param {string} collection
 * @param {import('vue').Ref<number>} most The most favourites that a request to this model may contain.
 */
export function usePlace(collection, most) {
  const { place, go, goUndoably, canUndo, undo, forgetUndo, settle } = useSteps(collection, most);

  const without = (ids, id) => ids.filter((other) => other !== id);
  return {
    place,
    favourites: computed(() => place.value.favourites),
    dismissed: computed(() => place.value.dismissed),
    full: computed(() => place.value.favourites.length >= most.value),
    canUndo,
    undo,
    forgetUndo,
    settle,
    add(id) {
      const { favourites, dismissed } = place.value;
      if (favourites.includes(id) || favourites.length >= most.value) return;
      go({ favourites: [...favourites, id], dismissed: without(dismissed, id) });
    },
    pick: (ids) => goUndoably({ favourites: ids.slice(0, most.value), dismissed: [] }),
    remove: (id) => goUndoably({ favourites: without(place.value.favourites, id) }),
    clear: () => goUndoably(START),
    dismiss: (id) => go({ dismissed: [...new Set([...place.value.dismissed, id])] }),
    restore: (id) => go({ dismissed: without(place.value.dismissed, id) }),
    choose: (strategy) => go({ strategy }),
    compare: (strategy) => go({ compare: strategy }),
    vary: (variety) => go({ variety }, { slider: 'variety' }),
    discount: (novelty) => go({ novelty }, { slider: 'novelty' }),
  };
}
