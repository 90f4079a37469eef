import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelCard } from '../../custom_functions/recommender/lib/card.js';
import { toyBundle } from './toy_bundle.js';

const { manifest } = toyBundle();

test('the card says what a page needs, and not where blobs lie', () => {
  const card = modelCard(manifest, { version: manifest.version, at: 'then', by: 'ann' });
  assert.deepEqual(card.current, { at: 'then', by: 'ann' });
  assert.deepEqual(
    card.strategies.map(({ name, explains, varies }) => [name, explains, varies]),
    [
      ['rich', true, true],
      ['plain', false, false],
    ],
  );
  assert.equal(card.data.synthetic, true);
  assert.ok(!('files' in card) && !('outputs' in card.strategies[0]));
});

test('a pointer that has moved on says nothing of this model', () => {
  assert.deepEqual(modelCard(manifest, { version: 'other', by: 'ann' }).current, {
    at: null,
    by: null,
  });
  assert.deepEqual(modelCard(manifest, undefined).current, { at: null, by: null });
});

test('a manifest with the least in it makes a card with the same keys', () => {
  const { version, fields, sizes, strategies, default_strategy } = manifest;
  const least = modelCard({ version, fields, sizes, strategies, default_strategy });
  assert.deepEqual(Object.keys(least).sort(), Object.keys(modelCard(manifest)).sort());
});

test('the card carries what pages link an item to, and the strategy to compare with', () => {
  const link = { label: 'Site', url: 'https://site.example/{id}' };
  const card = modelCard({ ...manifest, link, compare_with: 'plain' });
  assert.deepEqual([card.link, card.compare_with], [link, 'plain']);
});
