import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCatalogue, shown } from '../../custom_functions/recommender/lib/catalogue.js';
import { createTables } from '../../custom_functions/recommender/lib/tables.js';
import { fakeDatabase } from './fake_harper.js';

const FIELDS = [{ name: 'title' }, { name: 'artist' }];
const IDS = ['b', 'a', 'c', 'd'];
const MODEL = {
  manifest: { fields: FIELDS, creator: 'artist' },
  size: IDS.length,
  indexOf: (id) => (IDS.includes(id) ? IDS.indexOf(id) : undefined),
};

function read(rows, model = MODEL) {
  const database = fakeDatabase();
  for (const row of rows) database.items.put(row);
  return readCatalogue({ tables: createTables(database), model });
}

test('rows that the model does not know are left out', async () => {
  const catalogue = await read([
    { id: 'a', title: 'One', artist: 'X' },
    { id: 'z', title: 'One more', artist: 'X' },
  ]);
  assert.deepEqual(catalogue.find('one', 9), [1]);
  assert.equal(catalogue.missing, 3);
});

test('a year is shown and not searched', async () => {
  const fields = [...FIELDS, { name: 'year', searched: false }];
  const row = { id: 'a', title: 'One', artist: 'Orwell', year: '1984' };
  const named = { id: 'b', title: '1984', artist: 'Orwell', year: '1949' };
  const catalogue = await read([row, named], { ...MODEL, manifest: { ...MODEL.manifest, fields } });
  assert.deepEqual(catalogue.find('1984', 9), [0]);
  assert.deepEqual(catalogue.find('1949', 9), []);
  assert.deepEqual(catalogue.find('one', 9), [1]);
  assert.equal(shown('a', row, fields).year, '1984');
});

test('creators are the same where they read the same, and nobody is like nobody', async () => {
  const catalogue = await read([
    { id: 'b', title: '1', artist: 'Beyoncé' },
    { id: 'a', title: '2', artist: 'BEYONCE' },
    { id: 'c', title: '3', artist: '' },
    { id: 'd', title: '4', artist: 'Sade' },
  ]);
  const [b, a, c, d] = [0, 1, 2, 3].map((index) => catalogue.creatorOf(index));
  assert.equal(b, a);
  assert.equal(c, -1);
  assert.ok(d >= 0 && d !== a);
  assert.equal(catalogue.missing, 0);
});

test('an id that is a number is another id than its text', async () => {
  const catalogue = await read([{ id: 1, title: 'One' }]);
  assert.equal(catalogue.missing, 4);
});

test('an item without a title shows its id', () => {
  assert.deepEqual(shown('a', undefined, FIELDS), { id: 'a', title: 'a', artist: '' });
  assert.deepEqual(shown('a', { title: null, artist: 7 }, FIELDS), {
    id: 'a',
    title: 'a',
    artist: '7',
  });
  assert.deepEqual(shown('a', { title: 'T', year: 1 }, FIELDS), {
    id: 'a',
    title: 'T',
    artist: '',
  });
});

test('a model without creators asks for no such column, and no two items share one', async () => {
  const manifest = { fields: FIELDS.slice(0, 1), creator: null };
  const rows = ['a', 'b'].map((id) => ({ id, title: id.repeat(3), null: 'X' }));
  const catalogue = await read(rows, { ...MODEL, manifest });
  assert.deepEqual([catalogue.creatorOf(0), catalogue.creatorOf(1)], [-1, -1]);
  assert.deepEqual(catalogue.find('aaa', 9), [1]);
});
