import { ref, watch } from 'vue';
import { counted } from '../wording.js';

/**
 * What a screen reader announces as recommendations arrive.
 *
 * @param {ReturnType<import('./recommendations.js').useRecommendations>} recommendations
 * @param {object} options
 * @param {() => object} options.labels
 * @param {() => object} options.wording
 * @param {(id: string) => void} options.shownMore With the first of the rows that were added.
 * @returns {import('vue').Ref<string>}
 */
export function useAnnouncements({ left }, { labels, wording, shownMore }) {
  const said = ref('');
  let before = null;

  watch(left.answer, (answer) => {
    const results = answer?.recommendations ?? [];
    const request = left.asked.value;
    const last = before;
    before = answer && { request, count: results.length };
    if (!results.length) said.value = '';
    else if (last && isMoreOf(request, last.request)) {
      const added = results.slice(last.count);
      const { item, items } = labels();
      said.value = added.length
        ? `${counted(added.length, `more ${item}`, `more ${items}`)}, ${results.length} in all.`
        : `There are no more ${items}.`;
      if (added.length) shownMore(added[0].id);
    } else said.value = `New recommendations, first ${wording().named(results[0])}.`;
  });
  return said;
}

function isMoreOf(request, before) {
  const rest = (one) => JSON.stringify({ ...one, limit: null });
  return request.limit > before.limit && rest(request) === rest(before);
}
