import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTables } from '../../custom_functions/recommender/lib/tables.js';
import { fakeDatabase, point } from './fake_harper.js';

test('an item’s row is read without what is not to be shown', async () => {
  const database = fakeDatabase();
  database.items.put({ id: '077', title: 'T', year: 1999, digest: 'x', __updatedtime__: 3 });
  const tables = createTables(database);
  assert.deepEqual(await tables.item('077'), { id: '077', title: 'T', year: 1999 });
  assert.equal(await tables.item('77'), undefined);
  assert.equal(await tables.item('constructor'), undefined);
});

test('an attribute that the item’s present row lacks is not shown', async () => {
  const database = fakeDatabase();
  database.items.put({ id: 'a', title: 'T', year: null });
  assert.deepEqual(await createTables(database).item('a'), { id: 'a', title: 'T' });
});

test('the pointer and the candidate are rows of one table', async () => {
  const database = fakeDatabase();
  const tables = createTables(database);
  assert.equal(await tables.pointer(), undefined);
  point(database, 'v1', { at: 'then', by: 'ann' });
  point(database, 'v2', { id: 'candidate', at: 'now', by: 'bob' });
  assert.deepEqual(await tables.pointer(), { id: 'current', version: 'v1', at: 'then', by: 'ann' });
  assert.equal((await tables.candidate()).version, 'v2');
});

test('versions are listed newest first', async () => {
  const database = fakeDatabase();
  for (const [version, created] of [
    ['a', '2026-01-01'],
    ['b', '2026-03-01'],
    ['c', undefined],
  ]) {
    database.models.put({ version, created, weights: 'never read' });
  }
  const versions = await createTables(database).versions();
  assert.deepEqual(
    versions.map(({ version }) => version),
    ['b', 'a', 'c'],
  );
  assert.ok(versions.every((row) => !('weights' in row)));
});

test('all rows are read, page after page, whatever their number', async () => {
  for (const count of [0, 1, 999, 1000, 1001, 2500]) {
    const database = fakeDatabase();
    for (let i = 0; i < count; i++) database.items.put({ id: `i${i}`, title: `T${i}`, year: 1 });
    const seen = [];
    for await (const row of createTables(database).items(['title'])) seen.push(row);
    assert.equal(new Set(seen.map(({ id }) => id)).size, count);
    assert.ok(seen.every((row) => row.title === `T${row.id.slice(1)}` && !('year' in row)));
  }
});
