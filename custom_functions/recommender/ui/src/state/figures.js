import { onScopeDispose, ref, shallowRef } from 'vue';
import { ApiError } from '../api.js';

const EVERY_MS = 5_000;

/**
 * Health and figures of the node, polled until paused.
 *
 * @param {import('../api.js').Api} api
 */
export function useFigures(api) {
  const health = shallowRef(null);
  const stats = shallowRef(null);
  const isDown = ref(false);
  const paused = ref(false);
  const at = shallowRef(null);
  let timer;

  async function refresh() {
    clearTimeout(timer);
    try {
      [health.value, stats.value] = await Promise.all([healthOf(api), api.stats()]);
      isDown.value = false;
      at.value = new Date();
    } catch {
      isDown.value = true;
    }
    if (!paused.value) timer = setTimeout(refresh, EVERY_MS);
  }

  function pause() {
    paused.value = !paused.value;
    if (paused.value) clearTimeout(timer);
    else refresh();
  }

  onScopeDispose(() => clearTimeout(timer));
  refresh();
  return { health, stats, isDown, paused, at, pause, refresh };
}

// 503 is a valid answer here: the node is running without a model, and the body says why.
async function healthOf(api) {
  try {
    return await api.health();
  } catch (error) {
    if (error instanceof ApiError) return { ...error.body, status: 'no model' };
    throw error;
  }
}
