import { onScopeDispose, ref, shallowRef, watch } from 'vue';
import { Away } from '../api.js';

const SETTLE_MS = 120;
const SLOW_MS = 4_000;
const RETRY_MS = 5_000;
const PATIENCE_MS = 500;
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Keeps one list of recommendations in step with a question that changes.
 *
 * The last answer stays until the next one is there, also while the server is away; an answer that
 * was overtaken is dropped.
 *
 * @param {import('../api.js').Api} api
 * @param {import('vue').Ref<object|null>} question Body of POST recommend; null asks nothing.
 * @param {object} [options]
 * @param {(answer: object) => void} [options.arrived]
 * @param {() => Promise<unknown>} [options.ready] What an answer is told with; it is waited for, but not long.
 */
export function useAnswer(api, question, { arrived = () => {}, ready = async () => {} } = {}) {
  const answer = shallowRef(null);
  /** The question that the answer answers; another one may stand by now. */
  const asked = shallowRef(null);
  const pending = ref(false);
  const slow = ref(false);
  const trouble = shallowRef(null);
  let asking = new AbortController();
  let slowTimer;
  let nextTimer;

  function halt() {
    asking.abort();
    clearTimeout(slowTimer);
    clearTimeout(nextTimer);
    pending.value = slow.value = false;
  }

  async function ask() {
    halt();
    if (!question.value) return;
    const { signal } = (asking = new AbortController());
    const wanted = question.value;
    pending.value = true;
    slowTimer = setTimeout(() => (slow.value = true), SLOW_MS);
    try {
      const got = await api.recommend(wanted, { signal });
      await Promise.race([ready(), pause(PATIENCE_MS)]);
      if (signal.aborted) return;
      answer.value = got;
      asked.value = wanted;
      trouble.value = null;
      arrived(got);
      halt();
    } catch (error) {
      if (signal.aborted) return;
      halt();
      trouble.value = error;
      // What the server refused it will refuse again; what it could not do it may do soon.
      if (error instanceof Away || error.status === 503) nextTimer = setTimeout(ask, RETRY_MS);
    }
  }

  watch(
    () => JSON.stringify(question.value),
    (now, before) => {
      halt();
      if (question.value) {
        pending.value = true;
        nextTimer = setTimeout(ask, before === undefined ? 0 : SETTLE_MS);
      } else {
        answer.value = asked.value = trouble.value = null;
      }
    },
    { immediate: true },
  );

  const online = () => trouble.value && ask();
  addEventListener('online', online);
  onScopeDispose(() => {
    halt();
    removeEventListener('online', online);
  });
  return { answer, asked, pending, slow, trouble, ask };
}
