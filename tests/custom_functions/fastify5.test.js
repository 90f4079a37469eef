/**
 * The routes on Fastify 5, which Harper 5 has, by the same tests as on HarperDB's Fastify 4.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fastify from './fastify.js';

process.env.FASTIFY = '5';

test('these tests run on Fastify 5', () => assert.match(fastify().version, /^5\./));

for (const name of ['routes', 'events', 'pages', 'metrics', 'api_examples', 'experiments']) {
  await import(`./${name}.test.js`);
}
