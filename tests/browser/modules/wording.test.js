import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  counted,
  date,
  duration,
  itemWording,
  joined,
  spelled,
} from '../../../custom_functions/recommender/ui/src/wording.js';

const WORDING = '../../../custom_functions/recommender/ui/src/wording.js';
const manifest = {
  creator: 'author',
  fields: [
    { name: 'title' },
    { name: 'author' },
    { name: 'year', searched: false },
    { name: 'publisher' },
  ],
};

it('names an item by its title, or by its id where it has none', () => {
  const { title, named } = itemWording(manifest);
  assert.equal(title({ id: 'a', title: 'Dune' }), 'Dune');
  assert.equal(title({ id: 'a', title: '' }), 'a');
  assert.equal(named({ id: 'a', title: 'Dune', author: 'Frank Herbert' }), 'Dune by Frank Herbert');
  assert.equal(named({ id: 'a' }), 'a');
});

it('lists the other fields in the manifest’s order, and leaves out what is not known', () => {
  const { line } = itemWording(manifest);
  const told = (item) => line(item).map(({ text }) => text);
  assert.deepEqual(told({ author: 'A', year: '1965', publisher: 'P' }), ['A', '1965', 'P']);
  assert.deepEqual(told({ author: 'A' }), ['A']);
});

it('knows of each part of the line whether the search looks at it', () => {
  const { line } = itemWording(manifest);
  const parts = line({ author: 'A', year: 1965, publisher: 'P' });
  assert.deepEqual(parts, [
    { text: 'A', searched: true },
    { text: '1965', searched: false },
    { text: 'P', searched: true },
  ]);
});

it('spells small numbers', () => {
  assert.deepEqual([1, 5, 10, 11].map(spelled), ['one', 'five', 'ten', '11']);
});

it('counts in words', () => {
  assert.equal(counted(1, 'song', 'songs'), '1 song');
  assert.equal(counted(1500, 'song', 'songs'), '1,500 songs');
});

it('writes days and times, and repeats what is neither', () => {
  assert.equal(date('2026-11-24T03:00:00Z'), '24 November 2026');
  assert.equal(date('soon'), 'soon');
  assert.equal(date('2026-11-24'), '24 November 2026');
  assert.equal(duration(0.84), '0.8 ms');
  assert.equal(duration(12.4), '12 ms');
  assert.equal(duration(1234), '1.2 s');
});

it('writes a day as that day, wherever the clock stands', async (t) => {
  const { TZ } = process.env;
  t.after(() => (TZ === undefined ? delete process.env.TZ : (process.env.TZ = TZ)));
  for (const zone of ['Pacific/Honolulu', 'Pacific/Auckland']) {
    process.env.TZ = zone;
    const there = await import(`${WORDING}?${zone}`);
    assert.equal(there.date('2026-11-24'), '24 November 2026', zone);
  }
});

it('parts a list into its things and the words between', () => {
  assert.deepEqual(joined(['a', 'b']), [{ thing: 'a' }, { text: ' and ' }, { thing: 'b' }]);
});
