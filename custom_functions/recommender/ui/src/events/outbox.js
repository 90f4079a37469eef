/** Limits of `POST …/events`; see docs/events.md. */
const MOST_IN_BATCH = 50;
const MOST_BYTES = 60_000;
/** What is kept while the server cannot be reached; the oldest are dropped. */
const MOST_KEPT = 200;

const sizeOf = (value) => new TextEncoder().encode(JSON.stringify(value)).length;

/**
 * Events on their way. One is kept until the server has confirmed it, and its id never changes, so that sending it
 * again does no harm.
 *
 * @param {object} options
 * @param {object[]} [options.kept] Events left by the page that was in this tab before.
 * @param {(events: object[]) => void} options.keep Called with all events when they change.
 * @param {() => number} [options.now]
 */
export function createOutbox({ kept = [], keep, now = Date.now }) {
  // `sent`: tried at least once, so it may be stored; `left`: handed to the browser when the page was left.
  let entries = kept.map((event) => ({ event, due: 0, sent: true, left: false }));
  const changed = () => keep(entries.map(({ event }) => event));
  const isUnsentView = ({ event, sent }, answer) =>
    !sent && event.type === 'view' && event.answer === answer;

  function take(wanted) {
    const batch = [];
    let bytes = 0;
    for (const entry of entries.filter(wanted)) {
      bytes += sizeOf(entry.event) + 1;
      if (batch.length === MOST_IN_BATCH || bytes > MOST_BYTES) break;
      batch.push(entry);
    }
    for (const entry of batch) entry.sent = true;
    return batch;
  }

  return {
    /**
     * @param {object} event
     * @param {number} delay Milliseconds to wait before it is sent.
     */
    add(event, delay) {
      entries = [...entries, { event, due: now() + delay, sent: false, left: false }];
      entries = entries.slice(-MOST_KEPT);
      changed();
    },

    /**
     * One event says how far down an answer was seen. It is sent when the position has not changed for `delay`.
     *
     * @param {object} event
     * @param {number} delay
     */
    addView(event, delay) {
      entries = entries.filter((entry) => !isUnsentView(entry, event.answer));
      this.add(event, delay);
    },

    /** Takes back what was undone before it was sent. */
    retract(type, item) {
      const isUndone = ({ event, sent }) => !sent && event.type === type && event.item === item;
      entries = entries.filter((entry) => !isUndone(entry));
      changed();
    },

    /** @returns {number} When the next event is due, in ms since 1970; Infinity if there is none. */
    due: () => Math.min(Infinity, ...entries.filter(({ left }) => !left).map(({ due }) => due)),

    /** @returns {object[]} The events of the next batch. */
    batch: () => take(({ due, left }) => !left && due <= now()).map(({ event }) => event),

    /** @returns {object[][]} Batches of all events, due or not, which the browser sends after the page. */
    leave() {
      const batches = [];
      for (let batch; (batch = take(({ left }) => !left)).length; batches.push(batch)) {
        for (const entry of batch) entry.left = true;
      }
      return batches.map((batch) => batch.map(({ event }) => event));
    },

    /** The page is back: nobody has said what became of the events that it left. */
    comeBack() {
      for (const entry of entries) entry.left = false;
    },

    /** @param {object[]} events That need not be sent again. */
    drop(events) {
      const ids = new Set(events.map(({ id }) => id));
      entries = entries.filter(({ event }) => !ids.has(event.id));
      changed();
    },

    clear() {
      entries = [];
      changed();
    },
  };
}
