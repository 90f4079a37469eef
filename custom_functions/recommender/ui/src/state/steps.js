import { computed, onScopeDispose, shallowRef, watch } from 'vue';
import { readPlace, writePlace } from '../address.js';

/** Moves of one slider that follow each other within this time are one entry in the history. */
const MOVE_ENDS_MS = 800;

/**
 * Keeps a place in the address: every step writes it, and going back reads it.
 *
 * @param {string} collection
 * @param {import('vue').Ref<number>} most Most favourites.
 */
export function useSteps(collection, most) {
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

  return {
    place,
    go,
    goUndoably,
    canUndo: computed(() => previous.value !== null),
    undo: () => previous.value && go(previous.value),
    /** Keeps the last step. */
    forgetUndo: () => (previous.value = null),
    /** The slider or a key was released: the next move gets an entry of its own unless it follows at once. */
    settle() {
      clearTimeout(moveTimer);
      moveTimer = setTimeout(endMove, MOVE_ENDS_MS);
    },
  };
}
