import { onScopeDispose, ref, shallowRef, watch } from 'vue';
import { Unreachable } from '../api.js';

const SETTLE_MS = 120;
const SLOW_MS = 4_000;
const RETRY_MS = 5_000;
const LONGEST_WAIT_MS = 500;
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Keeps one list of recommendations up to date with a request that changes.
 *
 * The last answer is kept until the next one arrives, and while the server is unreachable; an answer to an outdated
 * request is dropped.
 *
 * @param {Pick<import('../api.js').Api, 'recommend'>} api
 * @param {import('vue').Ref<object|null>} request Body of POST recommend; null for no request.
 * @param {object} [options]
 * @param {(answer: object) => void} [options.arrived]
 * @param {() => Promise<unknown>} [options.ready] Resolves when an answer can be shown; waited for briefly.
 */
export function useAnswer(api, request, { arrived = () => {}, ready = async () => {} } = {}) {
  const answer = shallowRef(null);
  /** The request that `answer` belongs to; the current one may be another. */
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
    if (!request.value) return;
    const { signal } = (asking = new AbortController());
    const wanted = request.value;
    pending.value = true;
    slowTimer = setTimeout(() => (slow.value = true), SLOW_MS);
    try {
      const got = await api.recommend(wanted, { signal });
      await Promise.race([ready(), pause(LONGEST_WAIT_MS)]);
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
      // A request that was refused will be refused again; other failures may be temporary.
      if (error instanceof Unreachable || error.status === 503)
        nextTimer = setTimeout(ask, RETRY_MS);
    }
  }

  watch(
    () => JSON.stringify(request.value),
    (now, before) => {
      halt();
      if (request.value) {
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
