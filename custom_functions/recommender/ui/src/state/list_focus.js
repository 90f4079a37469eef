import { onBeforeUpdate, onUpdated } from 'vue';

/**
 * Keeps the focus in a list whose rows move or leave: on the same row where it is still there, else on the same
 * place. To be called in the component that draws the rows.
 *
 * @param {() => Element[]} rowsOf The rows that are in the list now.
 */
export function useListFocus(rowsOf) {
  let held;
  onBeforeUpdate(() => {
    const rows = rowsOf();
    const place = rows.findIndex((row) => row.contains(document.activeElement));
    const button = rows[place] && buttonsOf(rows[place]).indexOf(document.activeElement);
    held = place < 0 ? null : { row: rows[place], place, button };
  });
  onUpdated(() => {
    if (!held) return;
    const rows = rowsOf();
    const row = rows.includes(held.row) ? held.row : rows[Math.min(held.place, rows.length - 1)];
    if (row && !row.contains(document.activeElement)) focusButton(row, held.button);
    held = null;
  });
}

/**
 * @param {Element} [row]
 * @param {number} button Which of its buttons gets the focus.
 */
export const focusButton = (row, button) =>
  row && buttonsOf(row)[button]?.focus({ preventScroll: true });

const buttonsOf = (row) => [...row.querySelectorAll('button')];
