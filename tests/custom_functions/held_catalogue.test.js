import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { createHeldCatalogue } from '../../custom_functions/recommender/lib/held_catalogue.js';
import { createTables } from '../../custom_functions/recommender/lib/tables.js';
import { fakeDatabase } from './fake_harper.js';
import { keepingLog, until } from './toy_model.js';

const IDS = ['a', 'b'];
const MODEL = {
  manifest: { fields: [{ name: 'title' }], creator: 'artist' },
  size: 2,
  indexOf: (id) => (IDS.includes(id) ? IDS.indexOf(id) : undefined),
};
let database;
let now;
let held;

beforeEach(() => {
  database = fakeDatabase();
  now = 0;
  held = createHeldCatalogue({
    tables: createTables(database),
    model: MODEL,
    log: keepingLog(),
    now: () => now,
  });
});

test('many searches at once read the table once', async () => {
  database.items.put({ id: 'a', title: 'One' });
  database.items.put({ id: 'b', title: 'Two' });
  assert.deepEqual(held.state(), { status: 'unread' });
  held.refresh();
  await Promise.all([held.refresh(), held.get(), held.get()]);
  now += 1e9;
  await held.refresh();
  assert.equal(database.items.searches, 1);
  assert.deepEqual(held.state(), { status: 'ready', missing: 0 });
});

test('a search begins no reading', async () => {
  await assert.rejects(held.get(), { statusCode: 503, code: 'no_catalogue' });
  assert.equal(database.items.searches, 0);
});

test('rows that come late are found later, and nobody waits for them', async () => {
  database.items.put({ id: 'a', title: 'One' });
  held.refresh();
  assert.deepEqual((await held.get()).find('two', 9), []);
  database.items.put({ id: 'b', title: 'Two' });
  assert.equal(held.refresh(), undefined);
  assert.equal(database.items.searches, 1);
  now += 2000;
  held.refresh();
  assert.deepEqual((await held.get()).find('two', 9), []);
  await until(() => held.state().missing === 0);
  assert.deepEqual((await held.get()).find('two', 9), [1]);
});

test('a table that cannot be read is answered with 503 and read again later', async () => {
  database.items.put({ id: 'a', title: 'One' });
  database.items.failure = new Error('disk');
  held.refresh();
  await assert.rejects(held.get(), { statusCode: 503, code: 'no_catalogue' });
  database.items.failure = undefined;
  held.refresh();
  await assert.rejects(held.get(), { statusCode: 503 });
  now += 2000;
  held.refresh();
  assert.deepEqual((await held.get()).find('one', 9), [0]);
});
