import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  counted,
  date,
  duration,
  itemWording,
  joined,
} from '../../../custom_functions/recommender/ui/src/wording.js';

const manifest = {
  creator: 'author',
  fields: ['title', 'author', 'year', 'publisher'].map((name) => ({ name })),
};

it('names an item by its title, or by its id where it has none', () => {
  const { title, named } = itemWording(manifest);
  assert.equal(title({ id: 'a', title: 'Dune' }), 'Dune');
  assert.equal(title({ id: 'a', title: '' }), 'a');
  assert.equal(named({ id: 'a', title: 'Dune', author: 'Frank Herbert' }), 'Dune by Frank Herbert');
  assert.equal(named({ id: 'a' }), 'a');
});

it('says who, when and what else, and leaves out what is not known', () => {
  const { line } = itemWording(manifest);
  assert.deepEqual(line({ author: 'A', year: '1965', publisher: 'P' }), ['A', '1965', 'P']);
  assert.deepEqual(line({ author: 'A' }), ['A']);
});

it('counts in words', () => {
  assert.equal(counted(1, 'song', 'songs'), '1 song');
  assert.equal(counted(1500, 'song', 'songs'), '1,500 songs');
});

it('writes days and times, and repeats what is neither', () => {
  assert.equal(date('2026-11-24T03:00:00Z'), '24 November 2026');
  assert.equal(date('soon'), 'soon');
  assert.equal(duration(0.84), '0.8 ms');
  assert.equal(duration(12.4), '12 ms');
  assert.equal(duration(1234), '1.2 s');
});

it('parts a list into its things and the words between', () => {
  assert.deepEqual(joined(['a', 'b']), [{ thing: 'a' }, { text: ' and ' }, { thing: 'b' }]);
});
