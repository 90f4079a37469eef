import { onScopeDispose } from 'vue';

// A slider or a radio button takes no text: a slash typed there is meant for the search.
const TAKES_TEXT = 'input:not([type=range], [type=radio]), textarea, select, [contenteditable]';

/**
 * Calls an action when a key is pressed alone, unless it is typed into a field.
 *
 * @param {string} key As in `KeyboardEvent.key`.
 * @param {() => boolean} act Returns whether it did something; the browser's own action is then left out.
 */
export function useShortcut(key, act) {
  function press(event) {
    if (event.key !== key || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.(TAKES_TEXT)) return;
    if (act()) event.preventDefault();
  }
  document.addEventListener('keydown', press);
  onScopeDispose(() => document.removeEventListener('keydown', press));
}
