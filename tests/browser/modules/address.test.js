import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  START,
  readPlace,
  writePlace,
} from '../../../custom_functions/recommender/ui/src/address.js';

const place = {
  favourites: ['SO1', '000-X', 'a,b', 'c%2Cd', 'é & = ?#', '👩‍👩‍👧‍👦'],
  dismissed: ['x', 'y,z'],
  strategy: 'nearest-user',
  compare: 'items',
  variety: 0.3,
  novelty: 0.75,
  leftOut: [],
};

it('reads back what it wrote, whatever stands in an id', () => {
  assert.deepEqual(readPlace(writePlace(place, 'songs'), 'songs', 10), place);
});

it('writes no defaults', () => {
  assert.equal(writePlace(START, 'books'), '');
  assert.deepEqual(readPlace('', 'books', 10), START);
});

it('keeps plain ids readable', () => {
  const favourites = ['SO1', '000000278X'];
  assert.equal(writePlace({ ...START, favourites }, 'books'), '?books=SO1,000000278X');
});

it('reads an id once, and no variety or novelty but 0 to 1', () => {
  const search = '?songs=a,b,a,c,d,e,f';
  assert.deepEqual(readPlace(search, 'songs', 5).favourites, ['a', 'b', 'c', 'd', 'e']);
  for (const variety of ['-1', '2', 'NaN', 'much', 'Infinity']) {
    const read = readPlace(`?variety=${variety}&novelty=${variety}`, 'songs', 10);
    assert.deepEqual([read.variety, read.novelty], [0, 0]);
  }
});

it('bears percent signs that code nothing', () => {
  assert.deepEqual(readPlace('?songs=%25E0%25,b', 'songs', 10).favourites, ['%E0%', 'b']);
});

it('reads the favourites beyond the maximum apart, and does not write them', () => {
  const ids = 'abcdefghijklmn'.split('');
  const read = readPlace(`?songs=${ids.join(',')}`, 'songs', 10);
  assert.deepEqual(read.favourites, ids.slice(0, 10));
  assert.deepEqual(read.leftOut, ['k', 'l', 'm', 'n']);
  assert.equal(writePlace(read, 'songs'), `?songs=${ids.slice(0, 10).join(',')}`);
});
