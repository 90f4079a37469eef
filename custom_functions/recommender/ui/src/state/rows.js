import { shallowRef, watch } from 'vue';
import { freshRows, keepPlaces } from '../rows.js';

/**
 * The rows that show an answer. As long as only exclusions and the length of the list change, no row moves.
 *
 * @param {ReturnType<import('./answer.js').useAnswer>} state
 * @param {import('vue').Ref<string[]>} dismissed
 * @returns {import('vue').Ref<import('../rows.js').Row[]|null>} Null while there is no answer.
 */
export function useRows({ answer, asked }, dismissed) {
  const rows = shallowRef(null);
  let subject = null;

  function update() {
    const results = answer.value?.recommendations;
    const now = results ? subjectOf(asked.value, answer.value) : null;
    if (!results) rows.value = null;
    else if (now !== subject) rows.value = freshRows(results);
    else rows.value = keepPlaces(rows.value, results, dismissed.value);
    subject = now;
  }

  watch([answer, dismissed], update);
  // An item that returns without a placeholder, as after a reload, takes its place from the next answer.
  watch(dismissed, (now, before) => {
    const hasPlace = (id) => rows.value?.some(({ result }) => result.id === id);
    if (before.some((id) => !now.includes(id) && !hasPlace(id))) subject = null;
  });
  return rows;
}

const subjectOf = (request, { model }) =>
  JSON.stringify([model, { ...request, exclude: null, limit: null }]);
