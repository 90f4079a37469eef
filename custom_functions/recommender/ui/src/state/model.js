import { onScopeDispose, shallowRef } from 'vue';
import { ApiError } from '../api.js';

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * What the page knows about the model.
 *
 * @typedef {object} ModelState
 * @property {'loading'|'ready'|'none'|'unreachable'|'broken'} is `none`: the server is running without a model.
 * @property {object} [manifest]
 * @property {string} [reason] Why there is no model, from the server.
 */

/**
 * Loads the manifest, and retries with growing pauses until there is one.
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
      // Keep a manifest that is shown already; recommendations report their own failures.
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

// A model may come without a report or labels: defaults for both.
const whole = (manifest) => ({
  ...manifest,
  labels: { item: 'item', items: 'items', person: 'person', people: 'people', ...manifest.labels },
  metrics: { rows: [], ...manifest.metrics },
  data: { ...manifest.data },
});

function why(error) {
  if (!(error instanceof ApiError)) return { is: 'unreachable' };
  return { is: error.status === 503 ? 'none' : 'broken', reason: error.message };
}
