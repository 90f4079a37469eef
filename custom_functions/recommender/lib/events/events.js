/**
 * Recording what visitors do: signs answers, and takes batches of events about them. Recommending never waits for
 * any of it.
 */

import { ServiceError } from '../errors.js';
import { signAnswer } from './answer_token.js';
import { checkBatch, expectKeys, readBatch } from './batch.js';
import { createKeys } from './keys.js';
import { createLimits } from './limits.js';
import { createStore } from './store.js';

const READ_KEYS_EVERY = 10_000; // ms
const COUNT_EVERY = 300_000;

/**
 * @param {object} options
 * @param {ReturnType<import('./event_tables.js').createEventTables>} options.tables
 * @param {{project: string, events?: object}} options.settings `events`: see docs/events.md; without it: disabled.
 * @param {{name: string, worker: number, workers?: number}} options.node
 * @param {{warn: Function, error: Function}} options.log
 * @param {() => number} [options.now] Milliseconds since 1970.
 */
export function createEvents({ tables, settings, node, log, now = Date.now }) {
  const rules = settings.events;
  if (!rules?.enabled) return disabled(rules ? { enabled: false } : undefined);
  const policy = {
    enabled: true,
    consent: rules.consent ?? 'none',
    types: Object.keys(rules.types),
  };
  const { project } = settings;
  const keys = createKeys({ read: tables.keys, log, now });
  const limits = createLimits(rules, { workers: node.workers });
  const store = createStore({ table: tables, node, maxRows: rules.max_rows, log, now });
  const timers = [];

  async function write(rows) {
    try {
      return await Promise.all(rows.map((row) => store.add(row)));
    } catch (error) {
      log.error('events cannot be written', error);
      throw notWritten();
    }
  }

  return {
    /** @returns {boolean} Whether answers are signed now. */
    canSign: () => keys.signing() !== undefined,

    /**
     * @param {string} session
     * @param {{version: string, strategy: string, variant?: string, items: string[], explored?: number[],
     *   propensity?: number}} shown As `signAnswer` takes it.
     * @returns {string | undefined} The token; nothing while there is no key.
     */
    sign(session, { variant = '', ...shown }) {
      const key = keys.signing();
      if (!key) return undefined;
      const answer = { ...shown, variant, node: node.name, shownAt: now() };
      return signAnswer(key, { project, session }, answer);
    },

    /**
     * @param {{session: string, events: unknown[]}} batch
     * @param {string} client Who sends it, as far as limits go.
     * @returns {Promise<{accepted: number, duplicates: number, refused: object[]}>} After the commit.
     * @throws {ServiceError} The whole batch is refused.
     */
    async record(batch, client) {
      checkBatch(batch);
      const { session, events } = batch;
      if (store.isFull()) throw tooFull(rules.max_rows);
      const wait = limits.take({ session, client }, events.length);
      if (wait) throw tooMany(wait);
      await expectKeys(events, keys);
      const context = { project, rules, keyOf: keys.get, time: now() };
      const { rows, refused } = readBatch(batch, context);
      const accepted = (await write(rows)).filter(Boolean).length;
      return { accepted, duplicates: events.length - refused.length - accepted, refused };
    },

    /**
     * What a page must know before it sends anything.
     *
     * @returns {{enabled: boolean, consent: 'none' | 'ask', types: string[]}}
     */
    policy: () => policy,

    /** @returns {object} For health. */
    state: () => ({ enabled: true, signing: keys.signing() !== undefined, ...store.state() }),

    /** Reads the keys and counts the rows, now and then. Nothing waits for it. */
    start() {
      keys.refresh();
      store.count();
      timers.push(setInterval(keys.refresh, READ_KEYS_EVERY).unref());
      timers.push(setInterval(store.count, COUNT_EVERY).unref());
    },

    stop: () => timers.splice(0).forEach(clearInterval),
  };
}

const disabled = (state) => ({
  canSign: () => false,
  sign: () => undefined,
  record() {
    throw new ServiceError(404, 'events_disabled', 'Events are not recorded here.');
  },
  policy: () => ({ enabled: false, consent: 'none', types: [] }),
  state: () => state,
  start() {},
  stop() {},
});

const tooMany = (retryAfter) =>
  new ServiceError(429, 'too_many_events', 'Too many events; try again later.', { retryAfter });
const tooFull = (most) =>
  new ServiceError(503, 'events_full', `This node stores ${most} events already.`, {
    retryAfter: 60,
  });
const notWritten = () =>
  new ServiceError(503, 'events_unavailable', 'Events cannot be stored now.', { retryAfter: 5 });
