import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue';

const SETTLE_MS = 150;
const MOST_SHOWN = 8;

/** Search begins here: one letter fits half the catalogue. */
export const FEWEST_LETTERS = 2;

/**
 * Suggestions for what is typed. The last list stays until the next one is there, so that nothing
 * flickers between two letters; an answer that was overtaken is dropped.
 *
 * @param {import('../api.js').Api} api
 * @param {() => string} collection
 * @param {import('vue').Ref<string>} text
 */
export function useSuggestions(api, collection, text) {
  /** `for` is the text that the items answer. */
  const found = shallowRef({ for: '', items: [] });
  /** What is found belongs to an earlier text than the one that stands. */
  const pending = ref(false);
  const failed = ref(false);
  const words = computed(() => text.value.trim());
  let timer;
  let asking = new AbortController();

  async function ask() {
    const { signal } = (asking = new AbortController());
    const wanted = words.value;
    try {
      const items = await api.search(collection(), wanted, { limit: MOST_SHOWN, signal });
      if (signal.aborted) return;
      found.value = { for: wanted, items };
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
    pending.value = false;
  }

  function forget() {
    found.value = { for: '', items: [] };
    failed.value = false;
  }

  function askIn(milliseconds) {
    stop();
    pending.value = true;
    timer = setTimeout(ask, milliseconds);
  }

  watch(words, () => {
    if (words.value.length >= FEWEST_LETTERS) return askIn(SETTLE_MS);
    stop();
    forget();
  });
  onScopeDispose(stop);
  return { found, pending, failed, again: () => askIn(0) };
}
