/**
 * Errors on their way out: ours as they are, Fastify's in our words, and of anything else only that it happened.
 */

import { ServiceError } from '../lib/errors.js';
import { REQUEST_ID } from './request_id.js';

const FASTIFY = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'too_large', 'The body is too large.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, 'unsupported_media_type', 'Send application/json.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: [400, 'invalid_json', 'body: is empty'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    400,
    'invalid_length',
    'Content-Length is not the body’s length.',
  ],
};

/**
 * @param {{error: Function}} log
 * @param {(code: string) => void} count Counts an answered error.
 * @returns {Function} For `setErrorHandler`.
 */
export function createErrorHandler(log, count) {
  return function answerError(error, request, reply) {
    const answer = answerOf(error, request);
    if (answer.statusCode >= 500 && !(error instanceof ServiceError)) {
      log.error('a request failed', error, {
        request_id: reply.getHeader(REQUEST_ID),
        method: request.method,
        route: request.routeOptions?.url,
      });
    }
    count(answer.code);
    if (error.retryAfter) reply.header('retry-after', String(error.retryAfter));
    if (error instanceof ServiceError) reply.headers(error.headers);
    return reply.code(answer.statusCode).send(answer);
  };
}

/**
 * @param {ServiceError} error
 * @returns {{statusCode: number, code: string, message: string}} What a client reads.
 */
export const messageOf = ({ statusCode, code, message }) => ({ statusCode, code, message });

function answerOf(error, request) {
  if (error instanceof ServiceError) return messageOf(error);
  if (Object.hasOwn(FASTIFY, error.code ?? '')) {
    const [statusCode, code, message] = FASTIFY[error.code];
    return { statusCode, code, message };
  }
  // Body parsers throw what they like before there is a body.
  if (request.body === undefined && (error instanceof SyntaxError || error.statusCode === 400)) {
    return { statusCode: 400, code: 'invalid_json', message: 'body: expected JSON' };
  }
  return { statusCode: 500, code: 'internal', message: 'Something went wrong on our side.' };
}
