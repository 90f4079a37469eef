/**
 * The routes, apart from where they run: tests give them a plain Fastify, HarperDB gives them its own.
 */

import { ServiceError } from '../lib/errors.js';
import { createFigures } from '../lib/figures.js';
import { createLoader } from '../lib/loader.js';
import { createModels } from '../lib/models.js';
import { createTables } from '../lib/tables.js';
import { createErrorHandler } from './answers.js';
import { acceptOnlyJson } from './body.js';
import { below, guardEdge } from './edge.js';
import { createHandlers } from './handlers.js';
import { ANSWER_HEADERS } from './headers.js';
import { createRefusal } from './methods.js';
import { createPageHandler, readPages, redirect } from './pages.js';
import * as schemas from './schemas.js';
import { compileValidator } from './validation.js';

const LOOK_EVERY = 1000; // ms

/**
 * @param {import('fastify').FastifyInstance} app A scope of its own, with the project's prefix.
 * @param {object} options
 * @param {object} options.database HarperDB's table objects.
 * @param {{project: string, database: string, collection: string, code: string}} options.settings
 * @param {string} options.wasmFolder
 * @param {string} [options.pagesFolder] The built pages.
 * @param {{name: string, worker: number, workers?: number}} options.node `workers`: how many the node has.
 * @param {{info: Function, warn: Function, error: Function}} options.log
 * @param {(request: import('fastify').FastifyRequest) => boolean} [options.isReader] Whether the client is logged in
 *   to the database, and so may read about the node itself.
 * @param {object} [options.server] HarperDB's, where there is one.
 */
export async function recommenderRoutes(app, options) {
  const { database, settings, wasmFolder, pagesFolder, node, log, server } = options;
  const tables = createTables(database);
  const models = createModels({ tables, open: createLoader({ tables, wasmFolder, log }), log });
  const figures = createFigures();
  const isReader = options.isReader ?? (() => false);
  const handlers = createHandlers({ models, tables, figures, settings, node, isReader });
  const pages = pagesFolder ? readPages(pagesFolder) : new Map();
  const routes = [...apiRoutes(handlers, settings.collection), ...PAGE_ROUTES];
  const refusal = createRefusal(routes);
  const refused = ({ method, url }) => refusal(method, below(app.prefix, url) ?? '');

  app.setValidatorCompiler(compileValidator);
  app.setErrorHandler(createErrorHandler(log));
  acceptOnlyJson(app);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(ANSWER_HEADERS);
    // Before a body is read: nothing wants it.
    if (request.is404) throw refused(request);
  });
  app.setNotFoundHandler((request) => {
    throw refused(request);
  });
  app.addHook('onResponse', async (request, reply) => {
    const { name } = request.routeOptions.config ?? {};
    if (name) figures.record(name, reply.statusCode, reply.elapsedTime);
  });
  follow(app, models);
  for (const { name, ...route } of routes) {
    app.route({ ...route, config: { name }, handler: route.handler ?? pageHandler(app, pages) });
  }
  if (server) guardEdge({ server, prefix: app.prefix, routed: ROUTED, refusal });
}

// Fastify 4 routes more methods, 5 fewer; what neither routes is refused at the edge.
const ROUTED = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

/**
 * The routes that programs ask, with their schemas: the source of the API's description.
 *
 * @param {ReturnType<typeof createHandlers>} handlers
 * @param {string} collection
 * @returns {{name: string, method: string, url: string, schema: object, handler: Function}[]}
 */
export const apiRoutes = (handlers, collection) =>
  [
    { name: 'recommend', method: 'POST', url: '/recommend', schema: schemas.recommendSchema },
    {
      name: 'search',
      method: 'GET',
      url: `/${collection}`,
      schema: schemas.searchSchema(collection),
    },
    { name: 'item', method: 'GET', url: `/${collection}/:id`, schema: schemas.itemSchema },
    { name: 'model', method: 'GET', url: '/model', schema: schemas.modelSchema },
    { name: 'health', method: 'GET', url: '/health', schema: schemas.healthSchema },
    { name: 'stats', method: 'GET', url: '/stats', schema: schemas.statsSchema },
  ].map((route) => ({ ...route, handler: handlers[route.name] }));

const PAGE_ROUTES = ['/', '/ui', '/ui/*'].map((url) => ({ name: 'pages', method: 'GET', url }));

function pageHandler(app, pages) {
  const missing = () => new ServiceError(404, 'unknown_page', 'There is no such page.');
  const sendPage = createPageHandler(pages, missing);
  return async function sendFromAddress(request, reply) {
    // Taken from the address: the router drops a slash at its end, which relative links need.
    const path = below(app.prefix, request.url);
    if (path.startsWith('/ui/')) return sendPage(path.slice('/ui/'.length), request, reply);
    const here = path === '' ? `${app.prefix.split('/').at(-1)}/` : '';
    return redirect(reply, path === '/ui' ? 'ui/' : `${here}ui/`);
  };
}

// A worker that nobody asks still picks a new model up, and has it ready when somebody does.
function follow(app, models) {
  let timer;
  app.addHook('onReady', async () => {
    timer = setInterval(() => models.look(), LOOK_EVERY).unref();
    models.look();
  });
  app.addHook('onClose', async () => {
    clearInterval(timer);
    await models.close();
  });
}
