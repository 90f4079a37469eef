/**
 * The routes, apart from where they run: tests give them a plain Fastify, HarperDB gives them its own.
 */

import { createAdmission } from '../lib/admission.js';
import { createFigures } from '../lib/figures.js';
import { readLoadSettings } from '../lib/load_settings.js';
import { createLoader } from '../lib/loader.js';
import { createModels } from '../lib/models.js';
import { createTables } from '../lib/tables.js';
import { createErrorHandler } from './answers.js';
import { createHandlers } from './handlers.js';
import * as schemas from './schemas.js';
import { compileValidator } from './validation.js';

// 1,010 ids of 100 characters, each escaped, and room to spare.
const LARGEST_BODY = 1024 * 1024;

/**
 * @param {import('fastify').FastifyInstance} app A scope of its own.
 * @param {object} options
 * @param {object} options.database HarperDB's table objects.
 * @param {{project: string, database: string, collection: string, code: string}} options.settings
 * @param {string} options.wasmFolder
 * @param {{name: string, worker: number, workers?: number}} options.node `workers`: how many the node has.
 * @param {{info: Function, warn: Function, error: Function}} options.log
 * @param {Record<string, string | undefined>} [options.env] Settings of the node's operator.
 */
export async function recommenderRoutes(
  app,
  { database, settings, wasmFolder, node, log, env = process.env },
) {
  const tables = createTables(database);
  const open = createLoader({ tables, wasmFolder, log, project: settings.project });
  const models = createModels({ tables, open, log });
  const figures = createFigures();
  const admission = createAdmission({ settings: readLoadSettings(env, log), log });
  const handlers = createHandlers({ models, tables, figures, admission, settings, node });

  app.setValidatorCompiler(compileValidator);
  app.setErrorHandler(createErrorHandler(log));
  app.addHook('onResponse', async (request, reply) => {
    figures.record(request.routeOptions.config.name, reply.statusCode, reply.elapsedTime);
  });
  // Here, outside any request, and not when the first one comes.
  app.addHook('onReady', async () => models.start());
  app.addHook('onClose', () => models.close());

  const { collection } = settings;
  const config = (name) => ({ config: { name } });
  const bodyLimit = LARGEST_BODY;
  app.post(
    '/recommend',
    { ...config('recommend'), bodyLimit, schema: schemas.recommendSchema },
    handlers.recommend,
  );
  app.get(
    `/${collection}`,
    { ...config('search'), schema: schemas.searchSchema(collection) },
    handlers.search,
  );
  app.get(`/${collection}/:id`, { ...config('item'), schema: schemas.itemSchema }, handlers.item);
  app.get('/model', { ...config('model'), schema: schemas.modelSchema }, handlers.model);
  app.get('/health', { ...config('health'), schema: schemas.healthSchema }, handlers.health);
  app.get('/stats', { ...config('stats'), schema: schemas.statsSchema }, handlers.stats);
}
