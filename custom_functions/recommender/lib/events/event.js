/**
 * One event of a batch: what it must hold, and the row that is stored of it. See docs/events.md.
 */

import { creditOf } from '../experiments/variants.js';
import { countOf, positionOf, propensityAt, shownDownTo } from './answer_token.js';

/** Ids of events, and sessions. */
export const EVENT_ID = /^[A-Za-z0-9_-]{8,64}$/;
export const SESSION = /^[A-Za-z0-9_-]{16,64}$/;
export const SESSION_EXPECTED = 'expected 16 to 64 of A–Z a–z 0–9 - _';

const FIELDS = ['id', 'type', 'at', 'answer', 'item', 'position'];
/** Times, in UTC. */
export const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;
/** Most characters of an item’s id. */
export const LONGEST_ITEM = 100;

/** Why an event is refused; the rest of its batch is not. */
export class EventRefused extends Error {
  /**
   * @param {string} field
   * @param {string} message
   */
  constructor(field, message) {
    super(message);
    this.field = field;
  }
}

/**
 * @param {unknown} event
 * @param {object} context
 * @param {string} context.session
 * @param {Record<string, {answer: string, item: string, position: string}>} context.types What each type needs.
 * @param {(token: string) => import('./answer_token.js').Answer} context.open Reads an answer.
 * @returns {object} The row, without what the node adds to it.
 * @throws {EventRefused}
 */
export function rowOf(event, { session, types, open }) {
  const type = typeOf(event, types);
  demand(isMatch(EVENT_ID, event.id), 'id', 'expected 8 to 64 of A–Z a–z 0–9 - _');
  demand(isMatch(TIME, event.at) && !Number.isNaN(Date.parse(event.at)), 'at', TIME_EXPECTED);
  for (const field of ['answer', 'item', 'position']) presence(event, field, type[field]);
  const answer = event.answer === undefined ? undefined : open(event.answer);
  checkItem(event);
  const position = placeOf(event, answer);
  const isAboutItem = event.item !== undefined;
  return {
    id: `${session}:${event.id}`,
    session,
    type: event.type,
    item: event.item ?? null,
    position,
    at: Date.parse(event.at),
    ...sourceOf(answer, isAboutItem ? position : null),
    ...exposureOf(answer, position, isAboutItem),
  };
}

const TIME_EXPECTED = 'expected a time such as 2026-11-24T10:00:00.000Z';

function typeOf(event, types) {
  demand(isObject(event), 'event', 'expected a JSON object');
  const odd = Object.keys(event).find((field) => !FIELDS.includes(field));
  demand(odd === undefined, String(odd).slice(0, 60), 'there is no such field');
  const known = typeof event.type === 'string' && Object.hasOwn(types, event.type);
  demand(known, 'type', `expected one of ${Object.keys(types).join(', ')}`);
  return types[event.type];
}

function presence(event, field, needed) {
  const isThere = event[field] !== undefined;
  demand(isThere || needed !== 'required', field, `is missing; ${event.type} needs it`);
  demand(!isThere || needed !== 'none', field, `${event.type} has none`);
}

function checkItem({ item }) {
  if (item === undefined) return;
  const good = typeof item === 'string' && item.length >= 1 && item.length <= LONGEST_ITEM;
  demand(good, 'item', `expected a text of 1 to ${LONGEST_ITEM} characters`);
}

/** The proven position, or null. */
function placeOf({ item, position }, answer) {
  if (!answer) {
    demand(position === undefined, 'position', 'needs an answer');
    return null;
  }
  const most = countOf(answer);
  const good = position === undefined || isPlace(position, most);
  demand(good, 'position', `expected a whole number from 1 to ${most}`);
  if (item === undefined) return position ?? null;
  const place = positionOf(answer, item);
  demand(place > 0, 'item', 'is not in this answer');
  demand(position === undefined || position === place, 'position', 'is not this item’s place');
  return place;
}

const NOWHERE = {
  answer: null,
  model: null,
  strategy: null,
  variant: null,
  shown_by: null,
  shown_at: null,
};

function sourceOf(answer, place) {
  if (!answer) return NOWHERE;
  const { name, version, strategy, variant, node, shownAt } = answer;
  return {
    answer: name,
    model: version,
    strategy,
    variant: creditOf(variant, place),
    shown_by: node,
    shown_at: shownAt,
  };
}

function exposureOf(answer, position, isAboutItem) {
  return {
    shown: answer && !isAboutItem ? shownDownTo(answer, position ?? 0) : null,
    propensity: answer && isAboutItem ? propensityAt(answer, position) : null,
  };
}

function demand(good, field, message) {
  if (!good) throw new EventRefused(field, message);
}

const isMatch = (pattern, value) => typeof value === 'string' && pattern.test(value);
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isPlace = (value, most) => Number.isInteger(value) && value >= 1 && value <= most;
