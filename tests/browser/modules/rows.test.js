import assert from 'node:assert/strict';
import { it } from 'node:test';
import { freshRows, keepPlaces } from '../../../custom_functions/recommender/ui/src/rows.js';

const results = (ids) => [...ids].map((id) => ({ id }));
const shown = (rows) => rows.map(({ result, gone }) => (gone ? '-' : result.id)).join('');

it('keeps the place of what was dismissed, before and after the next answer', () => {
  const rows = freshRows(results('abcd'));
  const before = keepPlaces(rows, results('abcd'), ['b']);
  assert.equal(shown(before), 'a-cd');
  assert.equal(shown(keepPlaces(before, results('acde'), ['b'])), 'a-cde');
});

it('moves no row when the next answer is in another order or has other items', () => {
  const rows = freshRows(results('abcd'));
  assert.equal(shown(keepPlaces(rows, results('daxy'), ['b'])), 'a-cdx');
});

it('brings what is allowed again back to its place, and shows no more than the answer has', () => {
  const rows = keepPlaces(freshRows(results('abcd')), results('acde'), ['b']);
  assert.equal(shown(keepPlaces(rows, results('acde'), [])), 'abcd');
  assert.equal(shown(keepPlaces(rows, results('abcd'), [])), 'abcd');
});

it('appends what a longer answer adds', () => {
  const rows = keepPlaces(freshRows(results('abc')), results('acd'), ['b']);
  assert.equal(shown(keepPlaces(rows, results('acdefg'), ['b'])), 'a-cdefg');
});

it('shows the latest answer’s data of a row', () => {
  const rows = freshRows([{ id: 'a', score: 1 }]);
  assert.equal(keepPlaces(rows, [{ id: 'a', score: 2 }], [])[0].result.score, 2);
});
