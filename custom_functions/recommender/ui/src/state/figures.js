import { onScopeDispose, ref, shallowRef } from 'vue';
import { ApiError } from '../api.js';

const EVERY_MS = 5_000;
/** Rounds of learning take minutes at least, and so do looks at an experiment. */
const CARD_EVERY_MS = 60_000;

/**
 * Health, figures and the model's card, with rounds of learning and experiments, polled until paused.
 *
 * @param {import('../api.js').Api} api
 */
export function useFigures(api) {
  const health = shallowRef(null);
  const stats = shallowRef(null);
  /** Null: not read yet. */
  const card = shallowRef(null);
  const isDown = ref(false);
  const paused = ref(false);
  const at = shallowRef(null);
  let timer;
  let cardAt = -Infinity;
  let experimentAt;

  async function refreshCard() {
    const { at: now } = health.value.experiment ?? {};
    // An experiment that begins, changes or ends is shown at once.
    if (now === experimentAt && performance.now() - cardAt < CARD_EVERY_MS) return;
    experimentAt = now;
    cardAt = performance.now();
    try {
      card.value = await api.model();
    } catch {
      // No model answers, or the node does not: the state above says so.
    }
  }

  async function refresh() {
    clearTimeout(timer);
    try {
      [health.value, stats.value] = await Promise.all([healthOf(api), api.stats()]);
      isDown.value = false;
      at.value = new Date();
      refreshCard();
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
  return { health, stats, card, isDown, paused, at, pause, refresh };
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
