import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { createShownItems } from '../../custom_functions/recommender/lib/shown_items.js';
import { createTables } from '../../custom_functions/recommender/lib/tables.js';
import { fakeDatabase } from './fake_harper.js';

let database;
let now;
let show;

beforeEach(() => {
  database = fakeDatabase();
  now = 0;
  show = createShownItems({
    tables: createTables(database),
    fields: [{ name: 'title' }],
    now: () => now,
  });
});

test('items come in the order of the ids, and are read once in a while', async () => {
  for (const id of ['a', 'b']) database.items.put({ id, title: id.toUpperCase(), digest: 'x' });
  const expected = [
    { id: 'b', title: 'B' },
    { id: 'a', title: 'A' },
  ];
  for (let i = 0; i < 3; i++) assert.deepEqual(await show(['b', 'a']), expected);
  assert.equal(database.items.gets, 2);
});

test('a row that changes is shown changed after a minute', async () => {
  database.items.put({ id: 'a', title: 'Old' });
  await show(['a']);
  database.items.put({ id: 'a', title: 'New' });
  now = 60_000;
  assert.equal((await show(['a']))[0].title, 'Old');
  now = 60_001;
  assert.equal((await show(['a']))[0].title, 'New');
});

test('a missing row is looked for each time', async () => {
  assert.deepEqual(await show(['a']), [{ id: 'a', title: 'a' }]);
  database.items.put({ id: 'a', title: 'Late' });
  assert.equal((await show(['a']))[0].title, 'Late');
});

test('a failure to read reaches the caller, and nothing of it is kept', async () => {
  database.items.put({ id: 'a', title: 'A' });
  database.items.failure = new Error('disk');
  await assert.rejects(show(['a']), /disk/);
  database.items.failure = undefined;
  assert.equal((await show(['a']))[0].title, 'A');
});

test('more items than are kept push the oldest out', async () => {
  const ids = Array.from({ length: 20_001 }, (_, i) => `i${i}`);
  for (const id of ids) database.items.put({ id, title: id });
  await show(ids);
  const { gets } = database.items;
  await show(['i20000', 'i1']);
  assert.equal(database.items.gets, gets);
  await show(['i0']);
  assert.equal(database.items.gets, gets + 1);
});
