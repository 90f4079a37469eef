/** The events of a batch, in the API's description: which fields each type of the domain has. */

import { EVENT_ID, LONGEST_ITEM, TIME } from '../../lib/events/event.js';
import { eventsBody } from '../events.js';

const FIELDS = {
  id: {
    type: 'string',
    pattern: EVENT_ID.source,
    description: 'The client’s unique id of the event: sent again, it is stored once.',
  },
  at: {
    type: 'string',
    pattern: TIME.source,
    description: 'When it happened, by the client’s clock, in UTC.',
  },
  answer: { type: 'string', description: 'The signed `answer` that the event is about.' },
  item: { type: 'string', minLength: 1, maxLength: LONGEST_ITEM, description: 'The item’s id.' },
  position: { type: 'integer', minimum: 1, description: 'Place in the answer, from 1.' },
};
const ALWAYS = ['id', 'type', 'at'];
const OWN = ['answer', 'item', 'position'];

const ANYTHING = {
  title: 'anything else',
  description: 'Is refused in `refused`; the other events of its batch are not.',
};

/**
 * @param {Record<string, {answer: string, item: string, position: string}>} types What each type needs.
 * @returns {object} The body of POST events: it takes exactly what `eventsBody` takes.
 */
export function eventsDescription(types) {
  const kinds = Object.entries(types).map(([name, needs]) => eventOf(name, needs));
  const events = { ...eventsBody.properties.events, items: { anyOf: [...kinds, ANYTHING] } };
  return { ...eventsBody, properties: { ...eventsBody.properties, events } };
}

function eventOf(name, needs) {
  const own = OWN.filter((field) => needs[field] !== 'none');
  const properties = [
    ['id', FIELDS.id],
    ['type', { type: 'string', enum: [name] }],
    ['at', FIELDS.at],
    ...own.map((field) => [field, FIELDS[field]]),
  ];
  return {
    title: name,
    type: 'object',
    required: [...ALWAYS, ...own.filter((field) => needs[field] === 'required')],
    properties: Object.fromEntries(properties),
    additionalProperties: false,
  };
}
