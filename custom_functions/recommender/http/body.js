/**
 * JSON is what the routes speak. HarperDB registers parsers for CBOR and MessagePack on every Fastify scope, and
 * either can be made to allocate gigabytes by a few bytes, before any validation runs; here they do not exist.
 */

import { ServiceError } from '../lib/errors.js';

/** Bytes of the largest body: 1,010 ids of 100 characters, each escaped, and room to spare. */
export const LARGEST_BODY = 1024 * 1024;

// A string would match `application/json-seq`, too.
const JSON_TYPE = /^application\/json\s*(;|$)/i;

/**
 * Leaves one body parser in this scope: JSON that poisons no prototype (`secure-json-parse`, as Fastify has it).
 *
 * @param {import('fastify').FastifyInstance} app A scope of its own.
 */
export function acceptOnlyJson(app) {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    JSON_TYPE,
    { parseAs: 'string', bodyLimit: LARGEST_BODY },
    app.getDefaultJsonParser('error', 'error'),
  );
}

/**
 * @param {import('fastify').FastifyRequest} request
 * @throws {ServiceError} 415: its body is compressed.
 */
export function refuseEncoded(request) {
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || encoding.toLowerCase() === 'identity') return;
  throw new ServiceError(
    415,
    'unsupported_encoding',
    'Send the body without a content encoding such as gzip.',
    { headers: { 'accept-encoding': 'identity' } },
  );
}
