/**
 * Data that goes wrong beside a worker: blobs, pointer rows, the clock. Models are real ones, opened from a
 * database at the wire; a restarted worker is a new `createModels`.
 */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { backendFigures } from '../../custom_functions/recommender/lib/graph.js';
import { createLoader } from '../../custom_functions/recommender/lib/loader.js';
import { createModels } from '../../custom_functions/recommender/lib/models.js';
import { createTables } from '../../custom_functions/recommender/lib/tables.js';
import { FakeBlob, fakeDatabase, point, push } from './fake_harper.js';
import { DOMAINS, toyBundle } from './toy_bundle.js';
import { WASM_FOLDER, keepingLog, settle, until } from './toy_model.js';

const made = (seed, created) => {
  const bundle = toyBundle({ seed });
  return { ...bundle, manifest: { ...bundle.manifest, created } };
};
const OLD = made(1, '2026-11-20T03:00:00Z');
const OLDER = made(2, '2026-11-19T03:00:00Z');
const CURRENT = made(3, '2026-11-24T03:00:00Z');
const [old, older, current] = [OLD, OLDER, CURRENT].map(({ manifest }) => manifest.version);
const foreign = toyBundle({ domain: DOMAINS[1], seed: 4 });

let database;
let now;
let log;
let models;

beforeEach(() => {
  database = fakeDatabase();
  now = 0;
  for (const bundle of [OLDER, OLD, CURRENT]) push(database, bundle);
  models = start();
});
afterEach(() => models.close());

function start() {
  log = keepingLog();
  const tables = createTables(database);
  const open = createLoader({ tables, wasmFolder: WASM_FOLDER, log, project: DOMAINS[0].project });
  return createModels({ tables, open, log, now: () => now });
}

async function restart() {
  await models.close();
  models = start();
}

const answering = async () => {
  await models.check();
  return models.use(({ model }) => {
    assert.equal(model.answer('rich', [1]).items.length, 40);
    return model.version;
  });
};
const wrong = () => assert.rejects(answering(), { statusCode: 503 });

const bytesOf = (bundle) => ({
  topology: bundle.files['model.json'],
  weights: Buffer.concat([bundle.files['shard1.bin'], bundle.files['shard2.bin']]),
  item_ids: bundle.files['item_ids.json'],
  probes: bundle.files['probes.json'],
});
const DAMAGE = {
  truncated: (bytes) => bytes.subarray(0, bytes.length >> 1),
  flipped: (bytes) =>
    Buffer.from(bytes.map((byte, i) => (i === bytes.length >> 1 ? byte ^ 1 : byte))),
  emptied: () => Buffer.alloc(0),
};

for (const blob of ['topology', 'weights', 'item_ids', 'probes']) {
  for (const [how, damage] of Object.entries(DAMAGE)) {
    test(`${blob} ${how}: after a restart the newest intact model answers, until the current one is repaired`, async () => {
      point(database, current);
      assert.equal(await answering(), current);
      push(database, CURRENT, { [blob]: new FakeBlob(damage(bytesOf(CURRENT)[blob])) });
      // What is in memory is whole, whatever becomes of what is stored.
      assert.equal(await answering(), current);
      assert.equal(models.state().degraded, undefined);
      await restart();
      assert.equal(await answering(), old);
      const { degraded, refused } = models.state();
      assert.match(degraded, new RegExp(`^Model ${current} was refused: .*(bytes|SHA-256)`));
      assert.equal(refused.version, current);
      // In place: nobody writes the pointer again.
      push(database, CURRENT);
      now += 60_000;
      await until(async () => (await answering()) === current);
      assert.deepEqual([models.state().degraded, models.state().refused], [undefined, undefined]);
    });
  }
}

test('the one that was current last comes before a newer one that never was', async () => {
  push(database, CURRENT, { weights: new FakeBlob(Buffer.alloc(3)) });
  database.current.put({ id: 'current', version: current, at: 'a', history: [{ version: older }] });
  assert.equal(await answering(), older);
});

test('a candidate never answers in place of a damaged model', async () => {
  push(database, CURRENT, { weights: undefined });
  point(database, current);
  point(database, old, { id: 'candidate' });
  assert.equal(await answering(), older);
  await settle();
  await until(async () => (await models.check(), models.state().candidate.state === 'ready'));
  assert.equal(await answering(), older);
});

test('where no stored model is intact there is none, and the next try finds a repaired one', async () => {
  for (const bundle of [OLDER, OLD, CURRENT]) push(database, bundle, { probes: undefined });
  point(database, current);
  const { tensors } = backendFigures();
  await wrong();
  assert.match(models.state().why, new RegExp(`Model ${current} was refused: probes`));
  push(database, OLDER);
  now += 1000;
  assert.equal(await answering(), older);
  push(database, CURRENT);
  now += 60_000;
  await until(async () => (await answering()) === current);
  await models.close();
  assert.equal(backendFigures().tensors, tensors);
});

test('a fallback is not replaced by another old model, and never replaces one that answers', async () => {
  point(database, old);
  assert.equal(await answering(), old);
  push(database, CURRENT, { topology: new FakeBlob(Buffer.alloc(1)) });
  point(database, current);
  for (let i = 0; i < 5; i++) {
    now += 60_000;
    assert.equal(await answering(), old);
    await settle(20);
  }
  assert.match(models.state().degraded, /refused/);
  assert.ok(!log.lines.some(({ message }) => /in place of/.test(message)));
});

const ROWS = {
  'version null': { version: null },
  'no version': {},
  'a number': { version: 7 },
  'an object': { version: { $ne: 1 } },
  'a list': { version: [current] },
  'an empty text': { version: '' },
  true: { version: true },
  'a version that is not stored': { version: 'nowhere' },
  'a version of another domain': { version: foreign.manifest.version },
  'a name of every object': { version: '__proto__' },
};

for (const [what, row] of Object.entries(ROWS)) {
  test(`a pointer row with ${what}: refused, the old model stays, and answers after a restart too`, async () => {
    push(database, foreign);
    point(database, current);
    assert.equal(await answering(), current);
    database.current.put({ id: 'current', at: 'later', by: 'ann', ...row });
    for (let i = 0; i < 3; i++) {
      assert.equal(await answering(), current);
      await settle(20);
    }
    await until(() => models.state().refused);
    await restart();
    // Of all that is stored, the newest that is ours.
    assert.equal(await answering(), current);
    assert.ok(models.state().refused.reason.length > 10);
    point(database, old);
    await until(async () => (await answering()) === old);
    assert.equal(models.state().degraded, undefined);
  });
}

test('a pointer row that is gone: the model in memory stays; after a restart none has been deployed', async () => {
  point(database, current);
  assert.equal(await answering(), current);
  database.current.delete('current');
  assert.equal(await answering(), current);
  assert.match(models.state().degraded, /missing/);
  await restart();
  await wrong();
  assert.match(models.state().why, /deployed yet/);
});

test('150 pointer flips leave tensors and memory where they were', async () => {
  const flip = async (version) => {
    point(database, version);
    await until(async () => (await answering()) === version);
  };
  await flip(old);
  await flip(current);
  const { tensors, bytes } = backendFigures();
  const heap = () => (globalThis.gc?.(), process.memoryUsage().heapUsed);
  const before = heap();
  for (let i = 0; i < 150; i++) await flip(i % 2 ? current : old);
  assert.deepEqual([backendFigures().tensors, backendFigures().bytes], [tensors, bytes]);
  // Without a forced collection this bounds only what could not be collected in any case.
  assert.ok(heap() - before < 64e6, `${heap() - before} bytes more`);
});

test('flips faster than a load end with the last one, and with one model', async () => {
  point(database, old);
  assert.equal(await answering(), old);
  const { tensors } = backendFigures();
  for (let i = 0; i < 150; i++) {
    point(database, [old, older, current][i % 3]);
    models.check();
    if (i % 7 === 0) await settle(1);
  }
  await until(async () => (await answering()) === current);
  await until(() => backendFigures().tensors === tensors);
});

test('a clock that is set back or forth changes no retry', async (t) => {
  await models.close();
  const noon = Date.parse('2026-11-24T12:00:00Z');
  t.mock.timers.enable({ apis: ['Date'], now: noon });
  const tables = createTables(database);
  const open = createLoader({ tables, wasmFolder: WASM_FOLDER, log });
  models = createModels({ tables, open, log });
  push(database, CURRENT, { weights: undefined });
  for (const bundle of [OLD, OLDER]) push(database, bundle, { weights: undefined });
  point(database, current);
  await wrong();
  t.mock.timers.setTime(noon - 24 * 3600_000);
  push(database, CURRENT);
  // The first retry comes after one second of real time, whatever the clock says.
  await until(async () => (await answering().catch(() => '')) === current);
  t.mock.timers.setTime(noon + 24 * 3600_000);
  assert.equal(await answering(), current);
});
