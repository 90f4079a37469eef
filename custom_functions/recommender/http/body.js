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
  app.addHook('onRequest', async (request) => {
    refuseEncoded(request.headers['content-encoding']);
    // Whatever is asked for, JSON is the answer. HarperDB's serialiser reads this header after us and answers 500
    // to what it has no serialiser for, such as `text/html`.
    request.raw.headers.accept = 'application/json';
  });
}

function refuseEncoded(encoding) {
  if (encoding === undefined || encoding.toLowerCase() === 'identity') return;
  throw new ServiceError(
    415,
    'unsupported_encoding',
    'Send the body without a content encoding such as gzip.',
    { headers: { 'accept-encoding': 'identity' } },
  );
}
