/**
 * A batch of events: its bounds, and what becomes of each event. See docs/events.md.
 */

import { invalid } from '../errors.js';
import { keyIdOfToken, readAnswer } from './answer_token.js';
import { EventRefused, SESSION, SESSION_EXPECTED, rowOf } from './event.js';

/** Most events of a batch. */
export const MOST_EVENTS = 50;
const HOUR = 3_600_000;
/** How far the clocks of two nodes may lie apart. */
const SKEW = 2 * HOUR;

/**
 * @param {{session?: unknown, events?: unknown}} batch
 * @throws {import('../errors.js').ServiceError} It is not a batch at all.
 */
export function checkBatch({ session, events }) {
  if (typeof session !== 'string' || !SESSION.test(session)) {
    throw invalid('session', SESSION_EXPECTED);
  }
  if (!Array.isArray(events) || events.length < 1 || events.length > MOST_EVENTS) {
    throw invalid('events', `expected a list of 1 to ${MOST_EVENTS}`);
  }
}

/**
 * Reads the keys again if an answer names one that was made a moment ago.
 *
 * @param {unknown[]} events
 * @param {ReturnType<import('./keys.js').createKeys>} keys
 */
export async function expectKeys(events, keys) {
  for (const event of events) {
    if (typeof event?.answer === 'string') await keys.expect(keyIdOfToken(event.answer));
  }
}

/**
 * @param {{session: string, events: unknown[]}} batch
 * @param {object} context
 * @param {string} context.project
 * @param {{types: object, answer_hours: number}} context.rules
 * @param {(id: string) => import('./answer_token.js').Key | undefined} context.keyOf
 * @param {number} context.time Milliseconds since 1970.
 * @returns {{rows: object[], refused: {index: number, field: string, message: string}[]}} Rows without what the
 *   node adds to them; an id that comes twice, once.
 */
export function readBatch({ session, events }, { project, rules, keyOf, time }) {
  const open = (token) => openAnswer(token, { project, session }, { rules, keyOf, time });
  const rows = new Map(); // by id
  const refused = [];
  for (const [index, event] of events.entries()) {
    try {
      const row = rowOf(event, { session, types: rules.types, open });
      if (!rows.has(row.id)) rows.set(row.id, row);
    } catch (error) {
      if (!(error instanceof EventRefused)) throw error;
      refused.push({ index, field: error.field, message: error.message });
    }
  }
  return { rows: [...rows.values()], refused };
}

function openAnswer(token, holder, { rules, keyOf, time }) {
  if (typeof token !== 'string') throw new EventRefused('answer', 'expected a text');
  const answer = readAnswer(token, holder, keyOf);
  if (!answer) throw new EventRefused('answer', 'was not signed here for this session');
  const age = time - answer.shownAt;
  if (age > rules.answer_hours * HOUR) throw new EventRefused('answer', 'has expired');
  if (age < -SKEW) throw new EventRefused('answer', 'is of the future');
  return answer;
}
