import { ApiError } from '../api.js';

const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 300_000;

/**
 * Sends the events of an outbox when they are due, and when the page is left. Failures are retried: after the
 * server's Retry-After, else with growing pauses.
 *
 * @param {object} options
 * @param {ReturnType<import('./outbox.js').createOutbox>} options.outbox
 * @param {(events: object[]) => Promise<{ignored?: string}>} options.send
 * @param {(events: object[]) => void} options.sendAtEnd Must work while the page is being closed.
 * @param {(why: 'disabled'|'opted-out') => void} options.refused The server wants no events at all.
 * @param {() => number} [options.now]
 */
export function createDelivery({ outbox, send, sendAtEnd, refused, now = Date.now }) {
  let timer;
  let sending = false;
  let notBefore = 0;
  let pause = FIRST_PAUSE_MS;

  function schedule() {
    clearTimeout(timer);
    const due = Math.max(outbox.due(), notBefore);
    if (!sending && due < Infinity) timer = setTimeout(deliver, Math.max(0, due - now()));
  }

  async function deliver() {
    const events = outbox.batch();
    if (!events.length) return schedule();
    sending = true;
    await attempt(events);
    sending = false;
    schedule();
  }

  async function attempt(events) {
    try {
      const { ignored } = await send(events);
      // What the server refused, it would refuse again.
      outbox.drop(events);
      pause = FIRST_PAUSE_MS;
      if (ignored) refused('opted-out');
    } catch (error) {
      if (isFinal(error)) outbox.drop(events);
      else wait(error);
      if (error.status === 404) refused('disabled');
    }
  }

  function wait({ retryAfter }) {
    notBefore = now() + (retryAfter ? retryAfter * 1000 : pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }

  return {
    schedule,
    /** The page is hidden or closed, maybe for good. */
    leave: () => outbox.leave().forEach(sendAtEnd),
    comeBack() {
      outbox.comeBack();
      schedule();
    },
    stop: () => clearTimeout(timer),
  };
}

// 4xx: the batch itself is wrong. 408 and 429 are about the moment.
const isFinal = (error) =>
  error instanceof ApiError && error.status < 500 && error.status !== 408 && error.status !== 429;
