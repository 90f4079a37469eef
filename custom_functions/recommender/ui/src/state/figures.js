import { onScopeDispose, ref, shallowRef } from 'vue';
import { ApiError } from '../api.js';

const EVERY_MS = 5_000;

/**
 * Health and figures of the node, asked again and again until paused.
 *
 * @param {import('../api.js').Api} api
 */
export function useFigures(api) {
  const health = shallowRef(null);
  const stats = shallowRef(null);
  const away = ref(false);
  const paused = ref(false);
  const at = shallowRef(null);
  let timer;

  async function look() {
    clearTimeout(timer);
    try {
      [health.value, stats.value] = await Promise.all([healthOf(api), api.stats()]);
      away.value = false;
      at.value = new Date();
    } catch {
      away.value = true;
    }
    if (!paused.value) timer = setTimeout(look, EVERY_MS);
  }

  function pause() {
    paused.value = !paused.value;
    if (paused.value) clearTimeout(timer);
    else look();
  }

  onScopeDispose(() => clearTimeout(timer));
  look();
  return { health, stats, away, paused, at, pause, look };
}

// Ill health is an answer too: it comes as an error, with its reason as the message.
async function healthOf(api) {
  try {
    return await api.health();
  } catch (error) {
    if (error instanceof ApiError) return { ...error.body, status: 'no model' };
    throw error;
  }
}
