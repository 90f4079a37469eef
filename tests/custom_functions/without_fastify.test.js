/**
 * The handlers know no Fastify: what Harper 5 calls through `server.http` instead needs an entry of its own, and no
 * other handlers.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { eventsHandler } from '../../custom_functions/recommender/http/events.js';
import { createHandlers } from '../../custom_functions/recommender/http/handlers.js';
import { metricsHandler } from '../../custom_functions/recommender/http/metrics.js';
import { recommendBody } from '../../custom_functions/recommender/http/schemas.js';
import { compileValidator } from '../../custom_functions/recommender/http/validation.js';
import { createAdmission } from '../../custom_functions/recommender/lib/admission.js';
import { DEFAULT_BOUNDS } from '../../custom_functions/recommender/lib/bounds.js';
import { createEventTables } from '../../custom_functions/recommender/lib/events/event_tables.js';
import { createEvents } from '../../custom_functions/recommender/lib/events/events.js';
import { createFigures } from '../../custom_functions/recommender/lib/figures.js';
import { backendFigures } from '../../custom_functions/recommender/lib/graph.js';
import { readLoadSettings } from '../../custom_functions/recommender/lib/load_settings.js';
import { createLoader } from '../../custom_functions/recommender/lib/loader.js';
import { createMetrics } from '../../custom_functions/recommender/lib/metrics/metrics.js';
import { createModels } from '../../custom_functions/recommender/lib/models.js';
import { createTables } from '../../custom_functions/recommender/lib/tables.js';
import { fakeDatabase, point, push } from './fake_harper.js';
import { toyBundle } from './toy_bundle.js';
import { WASM_FOLDER, keepingLog, until } from './toy_model.js';

const component = new URL('../../custom_functions/recommender/', import.meta.url);

test('nothing of the component imports Fastify, so that either entry brings its own server', async () => {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL('routes/recommend.js', component))],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const inputs = Object.keys(metafile.inputs);
  assert.ok(inputs.some((path) => path.endsWith('http/handlers.js')));
  assert.deepEqual(
    inputs.filter((path) => /node_modules\/@?fastify/.test(path)),
    [],
  );
});

const bundle = toyBundle();
let models;
let handlers;

before(async () => {
  const database = fakeDatabase();
  push(database, bundle);
  point(database, bundle.manifest.version);
  const [log, tables, figures] = [keepingLog(), createTables(database), createFigures()];
  const settings = { project: 'song-recommender', collection: 'songs', code: 'c0de' };
  const node = { name: 'node-1', worker: 1, workers: 1 };
  const open = createLoader({ tables, wasmFolder: WASM_FOLDER, log, project: settings.project });
  models = createModels({ tables, open, log });
  const admission = createAdmission({ settings: readLoadSettings({}, log), log });
  const events = createEvents({ tables: createEventTables(database), settings, node, log });
  const parts = {
    models,
    tables,
    figures,
    admission,
    events,
    settings,
    node,
    isReader: () => false,
  };
  const metrics = createMetrics({ ...parts, tensorFigures: backendFigures });
  handlers = {
    ...createHandlers(parts),
    events: eventsHandler(events, { clientOf: admission.clientOf, figures }),
    metrics: metricsHandler(metrics),
    close: metrics.close,
  };
  models.start();
  await until(() => models.state().model);
});
after(async () => {
  handlers.close();
  await models.close();
});

/** What an entry makes of a request and of an answer: no more than this is asked of it. */
async function ask(name, { params = {}, query = {}, body } = {}) {
  const answer = { status: 200, headers: {} };
  const reply = {
    code(status) {
      answer.status = status;
      return reply;
    },
    header(header, value) {
      answer.headers[header] = value;
      return reply;
    },
  };
  const request = { params, query, body, headers: {}, ip: '127.0.0.1' };
  return { ...answer, body: await handlers[name](request, reply) };
}

test('handlers answer plain requests with plain answers', async () => {
  const validate = compileValidator({ schema: recommendBody(DEFAULT_BOUNDS), httpPart: 'body' });
  const { value: body } = validate({ favourites: [bundle.ids[0]], limit: 3 });
  const recommended = await ask('recommend', { body });
  assert.equal(recommended.body.model, bundle.manifest.version);
  assert.equal(recommended.body.recommendations.length, 3);
  const found = await ask('search', { query: { q: 'title', limit: 2 } });
  assert.equal(found.body.songs.length, 2);
  assert.equal((await ask('item', { params: { id: bundle.ids[1] } })).body.known, true);
  assert.equal((await ask('model')).body.version, bundle.manifest.version);
  assert.equal((await ask('health')).body.status, 'ok');
  assert.equal((await ask('stats')).headers['cache-control'], 'no-store');
  const { headers, body: text } = await ask('metrics');
  assert.match(headers['content-type'], /^text\/plain; version=0\.0\.4/);
  assert.match(text, /^recommender_model_loaded\{.*\} 1$/m);
  await assert.rejects(ask('events', { body: {} }), { statusCode: 404, code: 'events_disabled' });
});
