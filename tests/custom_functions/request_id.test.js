import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestIdOf } from '../../custom_functions/recommender/http/request_id.js';

test('a well-formed id of a proxy is kept', () => {
  for (const id of [
    '7',
    'a1b2c3',
    '4bf92f3577b34da6a3ce929d0e0e4736',
    '1-67ab:9.f_x',
    'x'.repeat(128),
  ]) {
    assert.equal(requestIdOf(id), id);
  }
});

test('anything else is replaced by a random one', () => {
  const odd = [
    undefined,
    '',
    ' ',
    '-a',
    'a b',
    'a\nb',
    '<b>',
    'é',
    'x'.repeat(129),
    ['a', 'b'],
    null,
  ];
  const ids = odd.map(requestIdOf);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.equal(new Set(ids).size, odd.length);
});
