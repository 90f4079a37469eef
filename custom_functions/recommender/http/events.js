/**
 * `POST events`, and what recommending has to do with events. See docs/events.md.
 */

import { MOST_EVENTS } from '../lib/events/batch.js';
import { WITH_BODY, errorAnswers } from './error_answers.js';
import { WORD } from './validation.js';

/** Bytes of the largest batch. */
export const LARGEST_BATCH = 64 * 1024;
const text = { type: 'string' };
const count = { type: 'integer', minimum: 0, maximum: MOST_EVENTS };
const refusal = {
  type: 'object',
  required: ['index', 'field', 'message'],
  properties: {
    index: { type: 'integer', description: 'Place in the batch, from 0.' },
    field: text,
    message: text,
  },
};

/** A visitor's token. */
export const sessionSchema = {
  type: 'string',
  minLength: 16,
  maxLength: 64,
  pattern: WORD,
  description: 'A visitor’s random token, one for each tab.',
};

/** The body of POST events. An event of any shape is taken: one that is wrong is refused without the others. */
export const eventsBody = {
  type: 'object',
  required: ['session', 'events'],
  properties: {
    session: sessionSchema,
    events: { type: 'array', items: {}, minItems: 1, maxItems: MOST_EVENTS },
  },
  additionalProperties: false,
};

/** POST events. */
export const eventsSchema = {
  summary: 'Records what a visitor did with recommendations',
  querystring: { type: 'object', properties: {}, additionalProperties: false },
  body: eventsBody,
  response: {
    202: {
      type: 'object',
      description: 'The accepted events are stored.',
      required: ['accepted', 'duplicates', 'refused'],
      properties: {
        accepted: count,
        duplicates: { ...count, description: 'Events that were stored before.' },
        refused: { type: 'array', items: refusal },
        ignored: {
          ...text,
          description: '`Sec-GPC` or `DNT`, if that header asked for nothing to be stored.',
        },
      },
    },
    ...errorAnswers(
      ...WITH_BODY,
      'events_disabled',
      'too_many_events',
      'events_full',
      'events_unavailable',
    ),
  },
};

/**
 * @param {ReturnType<import('../lib/events/events.js').createEvents>} events
 * @param {object} options
 * @param {(request: object) => string} options.clientOf Who sends a request, as far as limits go; never stored.
 * @param {ReturnType<import('../lib/figures.js').createFigures>} options.figures
 * @returns {Function} Handler of POST events.
 */
export const eventsHandler = (events, { clientOf, figures }) =>
  async function recordEvents(request, reply) {
    const ignored = optOut(request.headers);
    reply.code(202);
    if (ignored) return { accepted: 0, duplicates: 0, refused: [], ignored };
    const result = await events.record(request.body, clientOf(request));
    figures.countEvents(result);
    return result;
  };

/**
 * @param {import('fastify').FastifyInstance} app
 * @param {ReturnType<import('../lib/events/events.js').createEvents>} events Read their tables while the app runs.
 */
export function followEvents(app, events) {
  app.addHook('onReady', async () => events.start());
  app.addHook('onClose', async () => events.stop());
}

/**
 * @param {ReturnType<import('../lib/events/events.js').createEvents>} events
 * @param {{headers: object, body: {session?: string}}} request
 * @returns {string | undefined} The session whose answer will be signed, if it will be.
 */
export function recordedSession(events, { headers, body: { session } }) {
  if (session === undefined) return undefined;
  return optOut(headers) || !events.canSign() ? undefined : session;
}

/**
 * @param {ReturnType<import('../lib/events/events.js').createEvents>} events
 * @param {string | undefined} session What `recordedSession` returned.
 * @param {{model: string, strategy: string, variant?: string, recommendations: {id: string, explored?: true}[],
 *   propensity?: number}} shown
 * @returns {{answer?: string}} What the response carries besides.
 */
export function signed(events, session, shown) {
  if (session === undefined) return {};
  const { model: version, strategy, variant, recommendations, propensity } = shown;
  const items = recommendations.map(({ id }) => id);
  const explored = recommendations.flatMap((one, i) => (one.explored ? [i + 1] : []));
  const answer = events.sign(session, { version, strategy, variant, items, explored, propensity });
  return answer === undefined ? {} : { answer };
}

/**
 * @param {Record<string, string>} headers
 * @returns {string | undefined} The header by which the visitor asks not to be recorded.
 */
export function optOut(headers) {
  if (headers['sec-gpc'] === '1') return 'Sec-GPC';
  return headers.dnt === '1' ? 'DNT' : undefined;
}
