/**
 * Errors on their way out: ours as they are, Fastify's in our words, and of anything else only that it happened.
 */

import { ServiceError } from '../lib/errors.js';

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
 * @returns {Function} For `setErrorHandler`.
 */
export function createErrorHandler(log) {
  return function answerError(error, request, reply) {
    const told = toldOf(error, request);
    if (told.statusCode >= 500 && !(error instanceof ServiceError)) {
      log.error(`${request.method} ${request.routeOptions?.url}`, error);
    }
    if (error.retryAfter) reply.header('retry-after', String(error.retryAfter));
    return reply.code(told.statusCode).send(told);
  };
}

function toldOf(error, request) {
  if (error instanceof ServiceError) return tell(error.statusCode, error.code, error.message);
  if (Object.hasOwn(FASTIFY, error.code ?? '')) return tell(...FASTIFY[error.code]);
  // Body parsers, Fastify's and HarperDB's, throw what they like before there is a body.
  if (request.body === undefined && (error instanceof SyntaxError || error.statusCode === 400)) {
    return tell(400, 'invalid_json', 'body: expected JSON');
  }
  return tell(500, 'internal', 'Something went wrong on our side.');
}

const tell = (statusCode, code, message) => ({ statusCode, code, message });
