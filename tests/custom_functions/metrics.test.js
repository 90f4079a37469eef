import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readFile } from 'node:fs/promises';
import { recommenderRoutes } from '../../custom_functions/recommender/http/routes.js';
import fastify from './fastify.js';
import { fakeDatabase, point, push } from './fake_harper.js';
import { DOMAINS, toyBundle } from './toy_bundle.js';
import { WASM_FOLDER, keepingLog, until } from './toy_model.js';

const cases = new URL('../cases/events.json', import.meta.url);
const { key, types } = JSON.parse(await readFile(cases, 'utf8'));
const EVENTS = {
  enabled: true,
  types,
  answer_hours: 24,
  max_rows: 1000,
  session_per_minute: 120,
  client_per_minute: 500,
  node_per_minute: 100_000,
};
// The workers of a project exchange figures within the process, in which other tests may run, too.
const PROJECT = 'metrics-recommender';
const BASE = `/${PROJECT}`;
const DOMAIN = { ...DOMAINS[0], project: PROJECT };

async function start(worker, { database, workers = 2, env = {} }) {
  const log = keepingLog();
  const app = fastify();
  await app.register(recommenderRoutes, {
    prefix: BASE,
    database,
    settings: { project: PROJECT, collection: 'songs', code: 'c0de', events: EVENTS },
    wasmFolder: WASM_FOLDER,
    node: { name: 'node-1', worker, workers },
    log,
    env,
  });
  await app.ready();
  return { app, log };
}

/** The samples of a text: `name{label="value"}` -> number, labels in the order of their names. */
async function scrape({ app }) {
  // An answer is used again for a moment.
  await new Promise((resolve) => setTimeout(resolve, 210));
  const response = await app.inject(`${BASE}/metrics`);
  assert.equal(response.statusCode, 200, response.body);
  assert.equal(response.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(response.headers['cache-control'], 'no-store');
  const lines = response.body.split('\n').filter((line) => line && !line.startsWith('#'));
  const samples = lines.map((line) => {
    const [, name, labels = '', value] = line.match(/^(\w+)(?:\{(.*)\})? (\S+)$/);
    return [`${name}{${labels.split(',').sort().join(',')}}`, Number(value)];
  });
  return { text: response.body, samples: new Map(samples) };
}

const at = (name, labels = {}, worker = '1') => {
  const all = { ...labels, project: PROJECT, ...(worker && { worker }) };
  const named = Object.entries(all).map(([label, value]) => `${label}="${value}"`);
  return `${name}{${named.sort().join(',')}}`;
};

describe('metrics', () => {
  const bundle = toyBundle({ domain: DOMAIN });
  const { version, created, sizes } = bundle.manifest;
  let database;
  let one;
  let two;

  before(async () => {
    database = fakeDatabase();
    push(database, bundle);
    point(database, version, { at: '2026-11-24T10:00:00.500Z' });
    database.event_keys.put(key);
    one = await start(1, { database });
    two = await start(2, { database });
    for (const { app } of [one, two]) {
      await until(async () => (await app.inject(`${BASE}/health`)).statusCode === 200);
    }
  });
  after(() => Promise.all([one.app.close(), two.app.close()]));

  test('are those of all workers, each under its number, whichever is asked', async () => {
    for (let i = 0; i < 3; i++) {
      assert.equal((await two.app.inject(`${BASE}/songs?q=a`)).statusCode, 200);
    }
    await one.app.inject(`${BASE}/songs?limit=0`);
    for (const server of [one, two]) {
      const { samples } = await scrape(server);
      const requests = (status, worker) =>
        samples.get(at('recommender_http_requests_total', { route: 'search', status }, worker));
      assert.deepEqual([requests('200', '1'), requests('200', '2')], [undefined, 3]);
      assert.equal(requests('400', '1'), 1);
      assert.equal(samples.get(at('recommender_workers', {}, '')), 2);
      assert.equal(samples.get(at('recommender_workers_reporting', {}, '')), 2);
    }
  });

  test('agree with stats', async () => {
    const { routes } = (await one.app.inject(`${BASE}/stats`)).json();
    const { samples } = await scrape(one);
    const route = 'search';
    const duration = 'recommender_http_request_duration_seconds';
    assert.equal(samples.get(at(`${duration}_count`, { route })), routes.search.requests);
    assert.equal(
      samples.get(at(`${duration}_bucket`, { route, le: '+Inf' })),
      routes.search.requests,
    );
    const buckets = [...samples].filter(([name]) => name.startsWith(`${duration}_bucket`));
    const own = buckets.filter(
      ([name]) => name.includes('"search"') && name.includes('worker="1"'),
    );
    const values = own.map(([, value]) => value);
    assert.equal(values.length, 13);
    assert.deepEqual(
      values,
      [...values].sort((a, b) => a - b),
    );
    assert.ok(samples.get(at(`${duration}_sum`, { route })) > 0);
  });

  test('describe the model that answers', async () => {
    const { samples } = await scrape(one);
    const info = at('recommender_model_info', { version, strategy: 'rich' });
    assert.equal(samples.get(info), 1);
    assert.equal(
      samples.get(at('recommender_model_created_timestamp_seconds')),
      Date.parse(created) / 1000,
    );
    const current = samples.get(at('recommender_model_current_timestamp_seconds'));
    assert.equal(current, Date.parse('2026-11-24T10:00:00.500Z') / 1000);
    assert.equal(samples.get(at('recommender_model_items')), sizes.items);
    assert.deepEqual(
      ['loaded', 'degraded', 'refused', 'candidate'].map((name) =>
        samples.get(at(`recommender_model_${name}`)),
      ),
      [1, 0, 0, 0],
    );
    assert.equal(samples.get(at('recommender_component_info', { component: 'c0de' })), 1);
    assert.ok(samples.get(at('recommender_tensors')) > 0);
    assert.ok(samples.get(at('recommender_tensor_bytes')) > 0);
    assert.ok(samples.get(at('process_resident_memory_bytes', {}, '')) > 1e6);
    assert.equal(samples.get(at('recommender_computations_waiting_limit')), 64);
  });

  test('show that the current model was refused while an older one answers', async () => {
    const broken = toyBundle({
      domain: DOMAIN,
      seed: 2,
      manifest: { format: 9, version: 'broken' },
    });
    push(database, broken);
    point(database, 'broken');
    await until(async () => (await one.app.inject(`${BASE}/health`)).json().status === 'degraded');
    const { samples } = await scrape(one);
    assert.equal(samples.get(at('recommender_model_refused')), 1);
    assert.equal(samples.get(at('recommender_model_degraded')), 1);
    assert.equal(samples.get(at('recommender_model_info', { version, strategy: 'rich' })), 1);
    point(database, version);
    await until(async () => (await one.app.inject(`${BASE}/health`)).json().status === 'ok');
  });

  test('count events by what became of them', async () => {
    const event = (id, more) => ({
      id,
      type: 'like',
      item: bundle.ids[0],
      at: new Date().toISOString(),
      ...more,
    });
    const events = [
      event('event-0001'),
      event('event-0001'),
      event('event-0002', { type: 'stare' }),
    ];
    const payload = { session: 'a-visitor-of-this-tab', events };
    await one.app.inject({ method: 'POST', url: `${BASE}/events`, payload });
    const { samples } = await scrape(two);
    const outcomes = ['accepted', 'duplicate', 'refused'].map((outcome) =>
      samples.get(at('recommender_events_total', { outcome })),
    );
    assert.deepEqual(outcomes, [1, 1, 1]);
    assert.equal(samples.get(at('recommender_events_stored_limit')), 1000);
  });

  test('count the errors that were answered by their code', async () => {
    await one.app.inject(`${BASE}/nowhere`);
    await one.app.inject(`${BASE}/songs/nobody`);
    const { samples } = await scrape(one);
    for (const code of ['unknown_route', 'unknown_item', 'invalid_request']) {
      assert.equal(samples.get(at('recommender_http_errors_total', { code })), 1, code);
    }
  });

  test('name neither the machine nor a visitor', async () => {
    const { text } = await scrape(one);
    assert.doesNotMatch(
      text,
      new RegExp(`node-1|${process.version}|a-visitor|song-\\d|127\\.0\\.0`),
    );
  });

  test('take no parameters', async () => {
    assert.equal((await one.app.inject(`${BASE}/metrics?x=1`)).statusCode, 400);
  });
});

test('shed load is counted', async () => {
  const database = fakeDatabase();
  const bundle = toyBundle({ domain: DOMAIN });
  push(database, bundle);
  point(database, bundle.manifest.version);
  const server = await start(1, { database, workers: 1, env: { RECOMMENDER_CLIENT_RATE: '0.5' } });
  await until(async () => (await server.app.inject(`${BASE}/health`)).statusCode === 200);
  for (let i = 0; i < 3; i++) await server.app.inject(`${BASE}/songs?q=a`);
  const { samples } = await scrape(server);
  assert.equal(samples.get(at('recommender_http_errors_total', { code: 'too_many_requests' })), 2);
  await server.app.close();
});

test('a node without a model has metrics, too', async () => {
  const server = await start(1, { database: fakeDatabase(), workers: 1 });
  const { text, samples } = await scrape(server);
  assert.equal(samples.get(at('recommender_model_loaded')), 0);
  assert.match(text, /^# TYPE recommender_model_info gauge$/m);
  assert.doesNotMatch(text, /recommender_model_info\{|NaN/);
  await server.app.close();
});

describe('a request has an id', () => {
  let server;
  before(async () => (server = await start(1, { database: fakeDatabase(), workers: 1 })));
  after(() => server.app.close());

  test('which every answer carries: errors, unknown routes and pages too', async () => {
    for (const path of ['health', 'stats', 'metrics', 'nowhere', 'ui/', 'songs?x=1', '']) {
      const { headers } = await server.app.inject(`${BASE}/${path}`);
      assert.match(headers['x-request-id'], /^[0-9a-f-]{36}$/, path);
    }
  });

  test('which a proxy may choose', async () => {
    const headers = { 'x-request-id': 'proxy-77' };
    const answer = await server.app.inject({ url: `${BASE}/stats`, headers });
    assert.equal(answer.headers['x-request-id'], 'proxy-77');
    const odd = { 'x-request-id': 'a b' };
    const other = await server.app.inject({ url: `${BASE}/stats`, headers: odd });
    assert.match(other.headers['x-request-id'], /^[0-9a-f-]{36}$/);
  });
});

test('the line of a failed request in the log carries the id of its answer', async () => {
  const database = fakeDatabase();
  push(database, toyBundle({ domain: DOMAIN }));
  const server = await start(1, { database, workers: 1 });
  database.models.failure = new Error('/secret/path is full');
  const answer = await server.app.inject(`${BASE}/stats`);
  assert.equal(answer.statusCode, 500);
  const { message, detail, more } = server.log.lines.find(({ level }) => level === 'error');
  assert.deepEqual([message, detail], ['a request failed', database.models.failure]);
  const request = {
    request_id: answer.headers['x-request-id'],
    method: 'GET',
    route: `${BASE}/stats`,
  };
  assert.deepEqual(more, [request]);
  await server.app.close();
});
