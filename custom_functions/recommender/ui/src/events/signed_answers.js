/**
 * The answers that were signed for a session. One of an earlier session proves nothing about this one.
 */
export function createSignedAnswers() {
  const positions = new WeakMap(); // how far down each was seen

  return {
    /** @param {object} answer Of POST recommend; without a token it was not signed. */
    add: (answer) => answer.answer && positions.set(answer, 0),

    /** @param {object|null} [answer] */
    has: (answer) => Boolean(answer) && positions.has(answer),

    /** @returns {boolean} Whether an answer has now been seen further down than before. */
    isFurther(answer, position) {
      if (!(position > positions.get(answer))) return false;
      positions.set(answer, position);
      return true;
    },

    /** @returns {{answer?: string, position?: number}} Where an answer shows an item; {} if it does not. */
    placeOf(answer, item) {
      if (!this.has(answer)) return {};
      const place = answer.recommendations.findIndex(({ id }) => id === item);
      return place < 0 ? {} : { answer: answer.answer, position: place + 1 };
    },
  };
}
