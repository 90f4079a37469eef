import { onScopeDispose, ref, shallowRef, watch } from 'vue';

const SETTLE_MS = 150;
const MOST_SHOWN = 8;

/** Search begins here: one letter fits half the catalogue. */
export const FEWEST_LETTERS = 2;

/**
 * Suggestions for what is typed. Only the answer to the last text is ever shown.
 *
 * @param {import('../api.js').Api} api
 * @param {() => string} collection
 * @param {import('vue').Ref<string>} text
 */
export function useSuggestions(api, collection, text) {
  /** `for` is the text that the items answer. */
  const found = shallowRef({ for: '', items: [] });
  const pending = ref(false);
  const failed = ref(false);
  let timer;
  let asking = new AbortController();

  async function ask(words) {
    const { signal } = (asking = new AbortController());
    try {
      const items = await api.search(collection(), words, { limit: MOST_SHOWN, signal });
      if (signal.aborted) return;
      found.value = { for: words, items };
      failed.value = false;
    } catch {
      if (signal.aborted) return;
      failed.value = true;
    }
    pending.value = false;
  }

  function stop() {
    clearTimeout(timer);
    asking.abort();
  }

  watch(text, () => {
    stop();
    const words = text.value.trim();
    if (words.length < FEWEST_LETTERS) {
      found.value = { for: '', items: [] };
      pending.value = failed.value = false;
      return;
    }
    pending.value = true;
    timer = setTimeout(ask, SETTLE_MS, words);
  });
  onScopeDispose(stop);
  return { found, pending, failed, again: () => ask(text.value.trim()) };
}
