import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backendFigures } from '../../custom_functions/recommender/lib/graph.js';
import { createLoader } from '../../custom_functions/recommender/lib/loader.js';
import { createTables } from '../../custom_functions/recommender/lib/tables.js';
import { FakeBlob, fakeDatabase, push } from './fake_harper.js';
import { toyBundle } from './toy_bundle.js';
import { WASM_FOLDER, keepingLog } from './toy_model.js';

const first = toyBundle({ seed: 1 });
const second = toyBundle({ seed: 2 });

function loader() {
  const database = fakeDatabase();
  push(database, first);
  push(database, second);
  const tables = createTables(database);
  return { database, open: createLoader({ tables, wasmFolder: WASM_FOLDER, log: keepingLog() }) };
}

test('a retrained model of the same items keeps the catalogue that was read', async () => {
  const { database, open } = loader();
  const old = await open(first.manifest.version);
  await old.ready;
  const next = await open(second.manifest.version, old);
  assert.equal(next.catalogue, old.catalogue);
  assert.equal(database.items.searches, 1);
  old.dispose();
  assert.equal(next.model.answer('rich', [1]).items.length, 40);
  next.dispose();
});

test('other items are read again', async () => {
  const { database, open } = loader();
  const other = toyBundle({ items: 20 });
  push(database, other);
  const old = await open(first.manifest.version);
  const next = await open(other.manifest.version, old);
  await next.ready;
  assert.notEqual(next.catalogue, old.catalogue);
  old.dispose();
  next.dispose();
});

test('a catalogue that cannot be read is no reason against the model', async () => {
  const { database, open } = loader();
  database.items.failure = new Error('disk');
  const model = await open(first.manifest.version);
  await model.ready;
  assert.equal(model.model.version, first.manifest.version);
  model.dispose();
});

test('whatever is wrong with a record, it leaves no tensor behind', async () => {
  const { database, open } = loader();
  const before = backendFigures().tensors;
  push(database, second, { weights: new FakeBlob(Buffer.alloc(10)) });
  await assert.rejects(open(second.manifest.version), { name: 'ModelRefused' });
  await assert.rejects(open('nowhere'), { name: 'ModelRefused', temporary: true });
  const wrong = toyBundle({ probes: JSON.parse(first.files['probes.json']).probes, seed: 3 });
  push(database, wrong);
  await assert.rejects(open(wrong.manifest.version), /probe/);
  assert.equal(backendFigures().tensors, before);
});
