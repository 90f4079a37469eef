/**
 * Models changing under load, through the routes: each model has items of its own, so an answer that mixed two
 * would show.
 */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import fastify from './fastify.js';
import { recommenderRoutes } from '../../custom_functions/recommender/http/routes.js';
import { backendFigures } from '../../custom_functions/recommender/lib/graph.js';
import { FakeBlob, fakeDatabase, point, push } from './fake_harper.js';
import { DOMAINS, toyBundle } from './toy_bundle.js';
import { WASM_FOLDER, keepingLog, until } from './toy_model.js';

const [domain] = DOMAINS;
// Item 0 is everybody's; all others carry their model's letter.
const lettered = (letter, seed, extra = {}) =>
  toyBundle({
    seed,
    ids: ['common', ...Array.from({ length: 24 }, (_, i) => `${letter}${i}`)],
    manifest: { creator: domain.creator },
    ...extra,
  });
const A = lettered('a', 1);
const B = lettered('b', 2);
const letterOf = new Map([
  [A.manifest.version, 'a'],
  [B.manifest.version, 'b'],
]);

let database;
let app;
let log;

beforeEach(async () => {
  database = fakeDatabase();
  log = keepingLog();
  app = fastify();
  await app.register(recommenderRoutes, {
    database,
    settings: { project: domain.project, collection: domain.name, code: 'x' },
    wasmFolder: WASM_FOLDER,
    node: { name: 'n', worker: 0 },
    log,
  });
  push(database, A);
  push(database, B);
});
afterEach(() => app.close());

async function ask(more = {}) {
  const payload = { favourites: ['common'], limit: 20, explain: true, ...more };
  const response = await app.inject({ method: 'POST', url: '/recommend', payload });
  return { status: response.statusCode, body: response.json() };
}

function assertWhole({ status, body }) {
  assert.equal(status, 200, JSON.stringify(body));
  const letter = letterOf.get(body.model);
  assert.equal(body.recommendations.length, 20);
  assert.ok(body.recommendations.every(({ id, title }) => id.startsWith(letter) && title !== id));
}

const answering = async () => (await ask()).body.model;
const health = async () => (await app.inject('/health')).json();
const swapTo = async (bundle) => {
  point(database, bundle.manifest.version);
  await until(async () => (await answering()) === bundle.manifest.version);
};

test('twenty swaps under load: no failed and no mixed answer', async () => {
  await swapTo(A);
  const seen = new Set();
  let stop = false;
  let asked = 0;
  const client = async (diversity) => {
    while (!stop) {
      const answer = await ask({ diversity });
      assertWhole(answer);
      seen.add(answer.body.model);
      asked++;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const clients = [0, 0, 0.5, 1].map(client);
  for (let i = 0; i < 20; i++) await swapTo(i % 2 ? A : B);
  stop = true;
  await Promise.all(clients);
  assert.equal(seen.size, 2);
  assert.ok(asked > 40);
});

test('fifty swaps leave the number of tensors where it was', async () => {
  await swapTo(A);
  await swapTo(B);
  const { tensors, bytes } = backendFigures();
  for (let i = 0; i < 50; i++) await swapTo(i % 2 ? B : A);
  assert.deepEqual([backendFigures().tensors, backendFigures().bytes], [tensors, bytes]);
});

test('a request in flight ends with the model it began with', async () => {
  await swapTo(A);
  const get = database.items.get.bind(database.items);
  let release;
  const closed = new Promise((resolve) => (release = resolve));
  database.items.get = async (id) => {
    await closed;
    return get(id);
  };
  const slow = ask();
  await new Promise((resolve) => setTimeout(resolve, 20));
  database.items.get = get;
  await swapTo(B);
  release();
  const answer = await slow;
  assert.equal(answer.body.model, A.manifest.version);
  assertWhole(answer);
});

const flipped = (bytes) => Buffer.from(bytes.map((byte, i) => (i === 9 ? byte ^ 1 : byte)));
const BAD = {
  'a later format': () => lettered('c', 3, { manifest: { format: 9 } }),
  'probes that do not match': () =>
    lettered('c', 3, { probes: JSON.parse(A.files['probes.json']).probes }),
};
const BROKEN = {
  'a corrupted blob': { topology: new FakeBlob(flipped(lettered('c', 3).files['model.json'])) },
  'a truncated blob': { weights: new FakeBlob(Buffer.alloc(100)) },
  'a missing blob': { item_ids: undefined },
};

async function assertRefused(bundle, reason) {
  await swapTo(A);
  const { tensors } = backendFigures();
  point(database, bundle.manifest.version);
  await until(async () => (await health()).refused?.version === bundle.manifest.version);
  for (let i = 0; i < 5; i++) assert.equal(await answering(), A.manifest.version);
  const { status, model, refused } = await health();
  assert.deepEqual([status, model], ['degraded', A.manifest.version]);
  assert.match(refused.reason, reason);
  assert.equal(backendFigures().tensors, tensors);
  await swapTo(B);
  assert.equal((await health()).refused, undefined);
}

for (const [what, make] of Object.entries(BAD)) {
  test(`${what}: refused, shown, the old model stays, and the next one is taken`, async () => {
    const bundle = make();
    push(database, bundle);
    await assertRefused(bundle, /format 9|probe/);
  });
}

for (const [what, overrides] of Object.entries(BROKEN)) {
  test(`${what}: refused, shown, the old model stays, and the next one is taken`, async () => {
    const bundle = lettered('c', 3);
    push(database, bundle, overrides);
    await assertRefused(bundle, /SHA-256|bytes are here|not there/);
  });
}

test('a pointer to a version that is not there: refused, shown, the old model stays', async () => {
  await assertRefused({ manifest: { version: 'nowhere' } }, /no model nowhere/);
});

test('a blob that comes late is taken without another word from anybody', async () => {
  await swapTo(A);
  push(database, B, { weights: undefined });
  point(database, B.manifest.version);
  await until(async () => (await health()).refused?.retrying === true);
  push(database, B);
  await until(async () => (await answering()) === B.manifest.version);
});

test('a worker that nobody asks follows the pointer by itself', async () => {
  await swapTo(A);
  point(database, B.manifest.version);
  await until(() =>
    log.lines.some(({ message }) => message === `model ${B.manifest.version} answers`),
  );
  assert.equal((await app.inject('/model')).json().version, B.manifest.version);
});
