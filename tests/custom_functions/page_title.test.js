import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capital, pageTitle, titleOf } from '../../custom_functions/recommender/lib/page_title.js';

test('names the favourites in the page’s title and description', () => {
  const labels = { items: 'songs' };
  assert.deepEqual(pageTitle(labels, []), {
    title: 'Songs you may like',
    description: 'Pick a few favourite songs and get recommendations.',
  });
  assert.equal(pageTitle(labels, ['A']).title, 'Songs like A');
  assert.equal(pageTitle(labels, ['A', 'B', 'C']).title, 'Songs like A, B and C');
  assert.deepEqual(pageTitle(labels, ['A', 'B', 'C', 'D']), {
    title: 'Songs like A, B and 2 more',
    description: 'Recommended songs for everyone who likes A, B, C and D.',
  });
});

test('an item without a title is named by its id', () => {
  assert.equal(titleOf({ id: 'a', name: 'Dune' }, [{ name: 'name' }]), 'Dune');
  assert.equal(titleOf({ id: 'a', name: '' }, [{ name: 'name' }]), 'a');
});

test('only the first letter becomes a capital', () => {
  assert.deepEqual(['songs', 'sONGS', ''].map(capital), ['Songs', 'SONGS', '']);
});
