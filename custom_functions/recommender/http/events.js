/**
 * `POST events`, and what recommending has to do with events. See docs/events.md.
 */

import { invalid } from '../lib/errors.js';
import { SESSION, SESSION_EXPECTED } from '../lib/events/event.js';
import { MOST_EVENTS } from '../lib/events/batch.js';

/** Bytes of the largest batch. */
export const LARGEST_BATCH = 64 * 1024;
const text = { type: 'string' };
const error = {
  type: 'object',
  required: ['statusCode', 'code', 'message'],
  properties: { statusCode: { type: 'integer' }, code: text, message: text },
};
const refusal = {
  type: 'object',
  properties: { index: { type: 'integer' }, field: text, message: text },
};

/** The session of a recommend request. */
export const sessionSchema = { type: 'string', minLength: 16, maxLength: 64 };

/**
 * POST events. No schema of the body: what is wrong with one event must not refuse the others, so the batch is
 * checked where it is recorded, with the same bounds.
 */
export const eventsSchema = {
  querystring: { type: 'object', properties: {}, additionalProperties: false },
  response: {
    202: {
      type: 'object',
      properties: {
        accepted: { type: 'integer', minimum: 0, maximum: MOST_EVENTS },
        duplicates: { type: 'integer', minimum: 0, maximum: MOST_EVENTS },
        refused: { type: 'array', items: refusal },
        ignored: text,
      },
    },
    '4xx': error,
    '5xx': error,
  },
};

/**
 * @param {ReturnType<import('../lib/events/events.js').createEvents>} events
 * @param {(request: object) => string} clientOf Who sends a request, as far as limits go; never stored.
 * @returns {Function} Handler of POST events.
 */
export const eventsHandler = (events, clientOf) =>
  async function recordEvents(request, reply) {
    const ignored = optOut(request.headers);
    reply.code(202);
    if (ignored) return { accepted: 0, duplicates: 0, refused: [], ignored };
    return events.record(request.body ?? {}, clientOf(request));
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
 * @throws {import('../lib/errors.js').ServiceError} It is malformed.
 */
export function recordedSession(events, { headers, body: { session } }) {
  if (session === undefined) return undefined;
  if (!SESSION.test(session)) throw invalid('session', SESSION_EXPECTED);
  return optOut(headers) || !events.canSign() ? undefined : session;
}

/**
 * @param {ReturnType<import('../lib/events/events.js').createEvents>} events
 * @param {string | undefined} session What `recordedSession` returned.
 * @param {{model: string, strategy: string, recommendations: {id: string, explored?: true}[], propensity?: number}}
 *   shown
 * @returns {{answer?: string}} What the response carries besides.
 */
export function signed(events, session, { model, strategy, recommendations, propensity }) {
  if (session === undefined) return {};
  const items = recommendations.map(({ id }) => id);
  const explored = recommendations.flatMap((one, i) => (one.explored ? [i + 1] : []));
  const shown = { version: model, strategy, items, explored, propensity };
  const answer = events.sign(session, shown);
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
