import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import fastify from './fastify.js';
import { recommenderRoutes } from '../../custom_functions/recommender/http/routes.js';
import { compilerOf } from './described_site.js';
import { fakeDatabase, point, push } from './fake_harper.js';
import { DOMAINS, toyBundle } from './toy_bundle.js';
import { WASM_FOLDER, keepingLog, until } from './toy_model.js';

// The examples of docs/api.md, by heading: `### GET /songs?q=…` with the answer's JSON below it.
const PAGE = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
const EXAMPLES = new Map(
  [...PAGE.matchAll(/^### (\w+ \/\S+)\n[\s\S]*?```json\n([\s\S]*?)```/gm)].map(
    ([, heading, json]) => [heading, JSON.parse(json)],
  ),
);

const { key, types } = JSON.parse(
  readFileSync(new URL('../cases/events.json', import.meta.url), 'utf8'),
);
const EVENTS = {
  enabled: true,
  consent: 'none',
  types,
  answer_hours: 24,
  max_rows: 1000,
  session_per_minute: 120,
  client_per_minute: 500,
  node_per_minute: 1000,
};

describe('the examples of docs/api.md', () => {
  const [domain] = DOMAINS;
  const bundle = toyBundle({ domain });
  const [first] = bundle.ids;
  const base = `/${domain.project}`;
  let app;

  before(async () => {
    app = fastify();
    const database = fakeDatabase();
    push(database, bundle);
    point(database, bundle.manifest.version);
    database.event_keys.put(key);
    await app.register(recommenderRoutes, {
      prefix: base,
      database,
      settings: { project: domain.project, collection: domain.name, code: 'c0de', events: EVENTS },
      wasmFolder: WASM_FOLDER,
      node: { name: 'node-1', worker: 0, workers: 2 },
      log: keepingLog(),
    });
    await app.ready();
    await until(async () => (await app.inject(`${base}/health`)).statusCode === 200);
  });
  after(() => app.close());

  const requests = {
    'POST /recommend': {
      method: 'POST',
      url: `${base}/recommend`,
      payload: { favourites: [first], explain: true },
    },
    'POST /events': {
      method: 'POST',
      url: `${base}/events`,
      payload: {
        session: 'a-visitor-of-this-tab',
        events: [{ id: '0190aa01-1', type: 'like', item: first, at: new Date().toISOString() }],
      },
    },
    'GET /songs': { url: `${base}/${domain.name}?q=a` },
    'GET /songs/:id': { url: `${base}/${domain.name}/${first}` },
    'GET /model': { url: `${base}/model` },
    'GET /health': { url: `${base}/health` },
    'GET /stats': { url: `${base}/stats` },
  };

  for (const [heading, request] of Object.entries(requests)) {
    test(`${heading} answers with the fields of its example, and no others`, async () => {
      const response = await app.inject(request);
      assert.equal(response.statusCode, heading === 'POST /events' ? 202 : 200);
      // Rows of the test's catalogue have a year; those of the example have none.
      const { year: _, ...answer } = response.json();
      assert.deepEqual(Object.keys(answer).sort(), Object.keys(EXAMPLES.get(heading)).sort());
    });
  }

  test('GET /model says about events what its example says, and the types of the domain', async () => {
    const { events } = (await app.inject(`${base}/model`)).json();
    const example = EXAMPLES.get('GET /model').events;
    assert.deepEqual(events, { ...example, types: Object.keys(types) });
  });

  test('every example fits the schema of the API’s description', async () => {
    const document = (await app.inject(`${base}/openapi.json`)).json();
    const compile = compilerOf(document);
    for (const [heading, example] of EXAMPLES) {
      const [method, path] = heading.toLowerCase().split(' ');
      const { responses } = document.paths[path.replace(':id', '{id}')][method];
      const { schema } = (responses[200] ?? responses[202]).content['application/json'];
      const isValid = compile(schema);
      assert.ok(isValid(example), `${heading}: ${JSON.stringify(isValid.errors)}`);
    }
  });

  test('an error has the fields of its example', async () => {
    const response = await app.inject({ method: 'POST', url: `${base}/recommend`, payload: {} });
    assert.equal(response.statusCode, 400);
    const example = JSON.parse(PAGE.match(/## Errors[\s\S]*?```json\n([\s\S]*?)```/)[1]);
    assert.deepEqual(response.json(), example);
  });

  test('every route of the API has an example', () => {
    const documented = [...EXAMPLES.keys()];
    assert.deepEqual(documented.sort(), Object.keys(requests).sort());
  });
});
