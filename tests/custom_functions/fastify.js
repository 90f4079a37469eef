/**
 * The Fastify that a test runs on: 4, which is HarperDB's, or 5 where `FASTIFY` says so, which is Harper's.
 */

import fastify4 from 'fastify';
import fastify5 from 'fastify5';

/**
 * @param {{ignoreTrailingSlash?: boolean, maxParamLength?: number}} [options] Of the router, and others; 5 has the
 *   router's in a place of their own.
 * @returns {import('fastify').FastifyInstance}
 */
export default function fastify({
  ignoreTrailingSlash = false,
  maxParamLength = 100,
  ...others
} = {}) {
  const router = { ignoreTrailingSlash, maxParamLength };
  if (process.env.FASTIFY === '5') return fastify5({ ...others, routerOptions: router });
  return fastify4({ ...others, ...router });
}
