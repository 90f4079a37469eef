/**
 * The routes, apart from where they run: tests give them a plain Fastify, HarperDB gives them its own.
 */

import { createAdmission } from '../lib/admission.js';
import { boundsOf } from '../lib/bounds.js';
import { ServiceError } from '../lib/errors.js';
import { createEventTables } from '../lib/events/event_tables.js';
import { createEvents } from '../lib/events/events.js';
import { createFigures } from '../lib/figures.js';
import { backendFigures } from '../lib/graph.js';
import { readLoadSettings } from '../lib/load_settings.js';
import { createLoader } from '../lib/loader.js';
import { createMetrics } from '../lib/metrics/metrics.js';
import { createModels } from '../lib/models.js';
import { createTables } from '../lib/tables.js';
import { createErrorHandler } from './answers.js';
import { acceptOnlyJson, refuseEncoded } from './body.js';
import { below, guardEdge } from './edge.js';
import { LARGEST_BATCH, eventsHandler, eventsSchema, followEvents } from './events.js';
import { createHandlers } from './handlers.js';
import { ANSWER_HEADERS, pictureOrigin } from './headers.js';
import { createRefusal } from './methods.js';
import { metricsHandler, metricsSchema } from './metrics.js';
import { createDescription } from './openapi/describe.js';
import { createPageHandler, readPages, redirect } from './pages.js';
import { createPreview } from './preview.js';
import { REQUEST_ID, requestIdOf } from './request_id.js';
import * as schemas from './schemas.js';
import { joinStartPage } from './start_page.js';
import { boundedValidator, compileValidator } from './validation.js';

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
 * @param {Record<string, string | undefined>} [options.env] Settings of the node's operator.
 */
export async function recommenderRoutes(app, options) {
  const { database, settings, wasmFolder, pagesFolder, node, log, server } = options;
  const tables = createTables(database);
  const open = createLoader({ tables, wasmFolder, log, project: settings.project });
  const models = createModels({ tables, open, log });
  const figures = createFigures();
  const admission = createAdmission({
    settings: readLoadSettings(options.env ?? process.env, log),
    log,
  });
  const isReader = options.isReader ?? (() => false);
  const events = createEvents({ tables: createEventTables(database), settings, node, log });
  const parts = { models, tables, figures, admission, events, settings, node, isReader };
  const metrics = createMetrics({ ...parts, tensorFigures: backendFigures });
  const describe = createDescription({ models, events, settings, log });
  const handlers = {
    ...createHandlers(parts),
    events: eventsHandler(events, { clientOf: admission.clientOf, figures }),
    metrics: metricsHandler(metrics),
    openapi: () => describe(api),
  };
  const api = apiRoutes(handlers, settings.collection);
  const pages = pagesFolder ? readPages(pagesFolder) : new Map();
  const previewOf = createPreview({ models, collection: settings.collection, log });
  const sendPage = pageHandler(app, pages, { previewOf, models });
  const routes = [...api, ...PAGE_ROUTES];
  const refusal = createRefusal(routes);

  app.setValidatorCompiler(validatorCompiler(models));
  app.setErrorHandler(createErrorHandler(log, figures.countError));
  acceptOnlyJson(app);
  checkFirst(app, refusal);
  app.addHook('onResponse', async (request, reply) => {
    const { name } = request.routeOptions.config ?? {};
    if (name) figures.record(name, reply.statusCode, reply.elapsedTime);
  });
  // Here, outside any request, and not when the first one comes.
  app.addHook('onReady', async () => models.start());
  app.addHook('onClose', async () => metrics.close());
  app.addHook('onClose', () => models.close());
  followEvents(app, events);
  for (const { name, ...route } of routes) {
    app.route({ ...route, config: { name }, handler: route.handler ?? sendPage });
  }
  if (!server) return;
  joinStartPage({ server, app, settings });
  guardEdge({
    server,
    prefix: app.prefix,
    routed: ROUTED,
    refusal,
    log,
    count: figures.countError,
  });
}

/** What every request goes through before its body is read. */
function checkFirst(app, refusal) {
  const refused = ({ method, url }) => refusal(method, below(app.prefix, url) ?? '');
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(ANSWER_HEADERS);
    reply.header(REQUEST_ID, requestIdOf(request.headers[REQUEST_ID]));
    // Whatever is asked for, JSON is the answer. HarperDB's serialiser reads this header after us and answers 500
    // to what it has no serialiser for, such as `text/html`.
    request.raw.headers.accept = 'application/json';
    if (request.is404) throw refused(request);
    refuseEncoded(request);
  });
  app.setNotFoundHandler((request) => {
    throw refused(request);
  });
}

function validatorCompiler(models) {
  const boundsNow = () => boundsOf(models.state().model?.model.manifest);
  const recommendValidator = boundedValidator(schemas.recommendBody, boundsNow);
  const isRecommend = ({ httpPart, url }) => httpPart === 'body' && url.endsWith('/recommend');
  return (part) => (isRecommend(part) ? recommendValidator : compileValidator(part));
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
    {
      name: 'events',
      method: 'POST',
      url: '/events',
      schema: eventsSchema,
      bodyLimit: LARGEST_BATCH,
    },
    { name: 'model', method: 'GET', url: '/model', schema: schemas.modelSchema },
    { name: 'health', method: 'GET', url: '/health', schema: schemas.healthSchema },
    { name: 'stats', method: 'GET', url: '/stats', schema: schemas.statsSchema },
    { name: 'metrics', method: 'GET', url: '/metrics', schema: metricsSchema },
    { name: 'openapi', method: 'GET', url: '/openapi.json', schema: schemas.openApiSchema },
  ].map((route) => ({ ...route, handler: handlers[route.name] }));

const PAGE_ROUTES = ['/', '/ui', '/ui/*', '/docs'].map((url) => ({
  name: 'pages',
  method: 'GET',
  url,
}));

function pageHandler(app, pages, { previewOf, models }) {
  const missing = () => new ServiceError(404, 'unknown_page', 'There is no such page.');
  const sendPage = createPageHandler(pages, {
    missing,
    previewOf,
    picturesFrom: () => pictureOrigin(models.state().model?.model.manifest.picture),
  });
  return async function sendFromAddress(request, reply) {
    // Taken from the address: the router drops a slash at its end, which relative links need.
    const path = below(app.prefix, request.url);
    if (path === '/docs/') return sendPage('docs/', request, reply);
    if (path === '/docs') return redirect(request, reply, 'docs/');
    // The page of the API has one address, which the links in it depend on.
    if (path.startsWith('/ui/docs')) throw missing();
    if (path.startsWith('/ui/')) return sendPage(path.slice('/ui/'.length), request, reply);
    const here = path === '' ? `${app.prefix.split('/').at(-1)}/` : '';
    return redirect(request, reply, path === '/ui' ? 'ui/' : `${here}ui/`);
  };
}
