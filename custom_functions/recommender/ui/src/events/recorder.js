import { createSignedAnswers } from './signed_answers.js';
import { createDelivery } from './delivery.js';
import { createOutbox } from './outbox.js';
import { randomId } from './random_id.js';

/** A like or a dislike can be undone that long before it is sent. */
const UNDO_MS = 10_000;
/** How long an event may wait for others to be sent with. */
const TOGETHER_MS = 2_000;
const VIEW_SETTLES_MS = 5_000;

/**
 * Makes events of what a visitor does, for one session.
 *
 * @param {object} options
 * @param {import('../api.js').Api} options.api
 * @param {ReturnType<import('./tab_memory.js').createTabMemory>} options.memory Keeps the session and its events.
 * @param {string[]} options.types Those that the recommender records.
 * @param {(why: 'disabled'|'opted-out') => void} options.refused
 */
export function createRecorder({ api, memory, types, refused }) {
  const remember = (more) => memory.write({ ...memory.read(), ...more });
  const { session = randomId(18), waiting } = memory.read();
  const answers = createSignedAnswers();
  let isOver = false;
  const keep = (events) => !isOver && remember({ waiting: events });
  const outbox = createOutbox({ kept: waiting, keep });
  const batch = (events) => ({ session, events });
  const delivery = createDelivery({
    outbox,
    send: (events) => api.events(batch(events)),
    sendAtEnd: (events) => api.eventsAtEnd(batch(events)),
    refused,
  });
  remember({ session });
  delivery.schedule();

  const eventOf = (type, more) => ({
    id: randomId(12),
    type,
    ...more,
    at: new Date().toISOString(),
  });

  function record(type, more, delay, add = 'add') {
    if (!types.includes(type)) return;
    outbox[add](eventOf(type, more), delay);
    delivery.schedule();
  }

  return {
    /** Asks for recommendations in the session, so that the answer is signed. */
    async recommend(body, options) {
      const answer = await api.recommend({ ...body, session }, options);
      answers.add(answer);
      return answer;
    },

    /** @returns {boolean} Whether events can be about this answer. */
    knows: answers.has,

    /** @param {object} answer @param {number} position Down to which it was on the screen, from 1. */
    saw(answer, position) {
      if (!answers.isFurther(answer, position)) return;
      record('view', { answer: answer.answer, position }, VIEW_SETTLES_MS, 'addView');
    },

    /** @param {object} answer @param {string} item Whose link was followed. */
    followed(answer, item) {
      const place = answers.placeOf(answer, item);
      if (place.answer) record('click', { item, ...place }, TOGETHER_MS);
    },

    /** @param {string} item @param {object} [answer] That showed it; without one it was searched for. */
    liked: (item, answer) => record('like', { item, ...answers.placeOf(answer, item) }, UNDO_MS),

    /** @param {string} item @param {object} answer */
    dismissed(item, answer) {
      const place = answers.placeOf(answer, item);
      if (place.answer) record('dislike', { item, ...place }, UNDO_MS);
    },

    /** @param {'like'|'dislike'} type @param {string} item */
    undone: (type, item) => outbox.retract(type, item),

    leave: delivery.leave,
    comeBack: delivery.comeBack,

    /** What was not sent will not be. */
    stop() {
      isOver = true;
      outbox.clear();
      delivery.stop();
    },
  };
}
