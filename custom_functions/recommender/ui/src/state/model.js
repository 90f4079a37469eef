import { onScopeDispose, shallowRef } from 'vue';
import { ApiError } from '../api.js';

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * What the page knows of the model.
 *
 * @typedef {object} ModelState
 * @property {'loading'|'ready'|'none'|'away'|'broken'} is `none`: the server runs, no model is there.
 * @property {object} [manifest]
 * @property {string} [reason] Why there is none, in the server's words.
 */

/**
 * Asks for the manifest, and asks again by itself, ever more rarely, until there is one.
 *
 * @param {import('../api.js').Api} api
 */
export function useModel(api) {
  const state = shallowRef(/** @type {ModelState} */ ({ is: 'loading' }));
  const asking = shallowRef(false);
  let pause = FIRST_PAUSE_MS;
  let timer;

  async function load() {
    if (asking.value) return;
    clearTimeout(timer);
    asking.value = true;
    try {
      state.value = { is: 'ready', manifest: whole(await api.model()) };
      pause = FIRST_PAUSE_MS;
    } catch (error) {
      // A manifest that is shown already is better than none: the answers say if they come or not.
      if (state.value.is !== 'ready') state.value = why(error);
      timer = setTimeout(load, pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    } finally {
      asking.value = false;
    }
  }

  const online = () => load();
  addEventListener('online', online);
  onScopeDispose(() => {
    clearTimeout(timer);
    removeEventListener('online', online);
  });

  load();
  return { state, asking, load };
}

// A model may come without a report or words of its own; the page then uses plain ones.
const whole = (manifest) => ({
  ...manifest,
  labels: { item: 'item', items: 'items', person: 'person', people: 'people', ...manifest.labels },
  metrics: { rows: [], ...manifest.metrics },
  data: { ...manifest.data },
});

function why(error) {
  if (!(error instanceof ApiError)) return { is: 'away' };
  return { is: error.status === 503 ? 'none' : 'broken', reason: error.message };
}
