import { computed, onScopeDispose, shallowRef, watch } from 'vue';
import { START, readPlace, writePlace } from '../address.js';

/** The route's own limit, whatever the model accepts. */
const MOST = 10;
/** Moves of one slider that follow each other within this time are one entry in the history. */
const MOVE_ENDS_MS = 800;

/**
 * @param {object} manifest
 * @returns {number} The most favourites that a request to this model may contain.
 */
export const mostFavourites = ({ sizes }) => Math.min(sizes.favourites, MOST);

/**
 * The favourites and the settings. Their state is the address: every change writes it, and going
 * back reads it.
 *
 * @param {string} collection
 * @param {import('vue').Ref<number>} most Most favourites.
 */
export function usePlace(collection, most) {
  const read = () => readPlace(location.search, collection, most.value);
  const place = shallowRef(read());
  /** The place before the last step, if that step can be undone. */
  const previous = shallowRef(null);
  let moving = null;
  let moveTimer;

  function go(change, { slider = null } = {}) {
    const isSameMove = slider !== null && slider === moving;
    endMove();
    previous.value = null;
    const next = { ...place.value, leftOut: [], ...change };
    const address = location.pathname + writePlace(next, collection) + location.hash;
    if (isSameMove) history.replaceState(null, '', address);
    else history.pushState(null, '', address);
    place.value = next;
    moving = slider;
  }

  function goUndoably(change) {
    const before = place.value;
    go(change);
    previous.value = before;
  }

  function endMove() {
    clearTimeout(moveTimer);
    moving = null;
  }

  function back() {
    endMove();
    previous.value = null;
    place.value = read();
  }
  addEventListener('popstate', back);
  onScopeDispose(() => {
    endMove();
    removeEventListener('popstate', back);
  });
  // Another model may accept fewer favourites; the others stay in the address until something changes.
  watch(most, back);

  const without = (ids, id) => ids.filter((other) => other !== id);
  return {
    place,
    favourites: computed(() => place.value.favourites),
    dismissed: computed(() => place.value.dismissed),
    full: computed(() => place.value.favourites.length >= most.value),
    canUndo: computed(() => previous.value !== null),
    undo: () => previous.value && go(previous.value),
    /** The last step stays. */
    forgetUndo: () => (previous.value = null),
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
    /** The slider was released, or a key was: the next move is another one unless it follows at once. */
    settle() {
      clearTimeout(moveTimer);
      moveTimer = setTimeout(endMove, MOVE_ENDS_MS);
    },
  };
}
