import { useEvents } from './events.js';
import { useViews } from './views.js';

/**
 * Records what is done with a list of recommendations. To be called in the component that draws the rows.
 *
 * @param {() => Iterable<Element>} rowsOf The rows that are drawn, each with its item's id in `data-item`.
 * @param {() => object|null} answerOf The answer that they show.
 */
export function useListEvents(rowsOf, answerOf) {
  const { recorder } = useEvents();

  function signedAnswer() {
    const answer = answerOf();
    return answer && recorder.value?.knows(answer) ? answer : null;
  }

  useViews(rowsOf, signedAnswer, (answer, position) => recorder.value?.saw(answer, position));
  return {
    /** @param {'add'|'dismiss'} what @param {string} id */
    acted(what, id) {
      if (what === 'add') recorder.value?.liked(id, answerOf());
      else recorder.value?.dismissed(id, answerOf());
    },
    /** @param {string} id */
    followed: (id) => recorder.value?.followed(answerOf(), id),
  };
}
