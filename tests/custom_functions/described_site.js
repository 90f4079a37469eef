/** The routes in variations, for tests of the API's description: a site for each circumstance that it speaks of. */

import { readFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';
import fastify from 'fastify';
import { recommenderRoutes } from '../../custom_functions/recommender/http/routes.js';
import { fakeDatabase, point, push } from './fake_harper.js';
import { toyBundle } from './toy_bundle.js';
import { WASM_FOLDER, keepingLog, until } from './toy_model.js';

const { key, types } = JSON.parse(
  readFileSync(new URL('../cases/events.json', import.meta.url), 'utf8'),
);
export const EVENT_RULES = {
  enabled: true,
  types,
  answer_hours: 24,
  max_rows: 100_000,
  session_per_minute: 10_000,
  client_per_minute: 100_000,
  node_per_minute: 100_000,
};
export const PREFIX = '/song-recommender';

/**
 * @param {object} [options]
 * @param {object} [options.bundle]
 * @param {boolean} [options.deployed] Whether the model is current.
 * @param {object | undefined} [options.events] Rules of the events; null: none are recorded.
 * @param {(database: object) => void} [options.prepare] Before the routes read the database.
 * @param {Record<string, string>} [options.env]
 * @returns {Promise<Site>}
 *
 * @typedef {{app: object, database: object, log: object, bundle: object, edge: Function, ask: Function}} Site
 */
export async function site({
  bundle = toyBundle(),
  deployed = true,
  events = EVENT_RULES,
  prepare = () => {},
  env = {},
} = {}) {
  const database = fakeDatabase();
  const log = keepingLog();
  push(database, bundle);
  if (deployed) point(database, bundle.manifest.version);
  database.event_keys.put(key);
  prepare(database);
  const listeners = [];
  // As HarperDB makes it.
  const app = fastify({ ignoreTrailingSlash: true, maxParamLength: 1000 });
  await app.register(recommenderRoutes, {
    prefix: PREFIX,
    database,
    settings: {
      project: 'song-recommender',
      collection: 'songs',
      code: 'c0de',
      ...(events && { events }),
    },
    wasmFolder: WASM_FOLDER,
    node: { name: 'node-1', worker: 0, workers: 2 },
    server: { http: (listener) => listeners.push(listener) },
    env,
    log,
  });
  await app.ready();
  const status = deployed ? 200 : 503;
  await until(async () => (await app.inject(`${PREFIX}/health`)).statusCode === status);
  return {
    app,
    database,
    log,
    bundle,
    /** Asks the listener in front of Fastify; `next` stands for HarperDB behind it. */
    edge: (method, path, next) => {
      const request = { method, url: `${PREFIX}${path}`, headers: new Headers() };
      return listeners.at(-1)(request, next);
    },
    ask: (method, path, options = {}) =>
      app.inject({ method, url: `${PREFIX}${path}`, ...options }),
  };
}

/**
 * @param {object} document The API's description.
 * @returns {(schema: object) => Function} Compiles one of its schemas, in the dialect of OpenAPI 3.1.
 */
export function compilerOf(document) {
  const ajv = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true });
  ajv.addSchema({ $defs: document.components.schemas }, 'openapi.json');
  return (schema) =>
    ajv.compile(
      JSON.parse(
        JSON.stringify(schema).replaceAll('#/components/schemas/', 'openapi.json#/$defs/'),
      ),
    );
}
