import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readPlace, writePlace } from '../../../custom_functions/recommender/ui/src/address.js';

const place = {
  favourites: ['SO1', '000-X', 'a,b', 'c%2Cd', 'é & = ?#', '👩‍👩‍👧‍👦'],
  dismissed: ['x', 'y,z'],
  strategy: 'nearest-user',
  compare: 'items',
  variety: 0.3,
};

it('reads back what it wrote, whatever stands in an id', () => {
  assert.deepEqual(readPlace(writePlace(place, 'songs'), 'songs', 10), place);
});

it('writes nothing for what is as usual', () => {
  const usual = { favourites: [], dismissed: [], strategy: null, compare: null, variety: 0 };
  assert.equal(writePlace(usual, 'books'), '');
  assert.deepEqual(readPlace('', 'books', 10), usual);
});

it('keeps plain ids readable', () => {
  const { favourites } = { favourites: ['SO1', '000000278X'] };
  assert.equal(writePlace({ ...place, ...only(favourites) }, 'books'), '?books=SO1,000000278X');
});

it('takes an id once, as many as asked for, and no variety but 0 to 1', () => {
  const search = '?songs=a,b,a,c,d,e,f';
  assert.deepEqual(readPlace(search, 'songs', 5).favourites, ['a', 'b', 'c', 'd', 'e']);
  for (const variety of ['-1', '2', 'NaN', 'much', 'Infinity']) {
    assert.equal(readPlace(`?variety=${variety}`, 'songs', 10).variety, 0);
  }
});

it('bears percent signs that code nothing', () => {
  assert.deepEqual(readPlace('?songs=%25E0%25,b', 'songs', 10).favourites, ['%E0%', 'b']);
});

const only = (favourites) => ({
  favourites,
  dismissed: [],
  strategy: null,
  compare: null,
  variety: 0,
});
