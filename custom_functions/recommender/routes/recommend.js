/**
 * Where HarperDB meets the routes. Importing this file does no work: a file that throws on import would take
 * all routes of the project with it.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { recommenderRoutes } from '../http/routes.js';
import { createStructuredLog } from '../lib/structured_log.js';

/**
 * HarperDB calls it once a worker, with the project's prefix.
 *
 * It must not wait for anything, a file or a timer. HarperDB loads the components of a node at once and registers
 * their routes on one Fastify instance, and Fastify makes what is registered while another plugin is loading a
 * child of that plugin: the worker would answer the other component's routes under this prefix only, until its
 * next restart.
 *
 * @param {import('fastify').FastifyInstance} app
 * @param {{logger: object}} options HarperDB's.
 */
export default async function recommender(app, { logger }) {
  // The build makes this CommonJS: there, __dirname is the folder that holds this file and the .wasm files.
  const settings = JSON.parse(readFileSync(join(__dirname, '..', 'settings.json'), 'utf8'));
  await recommenderRoutes(app, {
    // Looked up when used: the tables may be made after this file is loaded.
    database: tablesOf(settings.database),
    settings,
    wasmFolder: __dirname,
    pagesFolder: join(__dirname, '..', 'web', 'ui'),
    // HarperDB sets the user who logged in; for strangers there is none.
    isReader: ({ raw }) => Boolean(raw.user),
    server: globalThis.server,
    node: {
      name: globalThis.server?.hostname ?? process.env.NODE_HOSTNAME ?? '',
      worker: threadId,
      workers: globalThis.server?.workerCount,
    },
    log: createStructuredLog(logger, { project: settings.project, worker: threadId }),
  });
}

const tablesOf = (name) => ({
  get items() {
    return databases[name].items;
  },
  get models() {
    return databases[name].models;
  },
  get current() {
    return databases[name].current;
  },
  get events() {
    return databases[name].events;
  },
  get event_keys() {
    return databases[name].event_keys;
  },
});
