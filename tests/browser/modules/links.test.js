import assert from 'node:assert/strict';
import { it } from 'node:test';
import { linkTo } from '../../../custom_functions/recommender/ui/src/links.js';

const link = { label: 'Site', url: 'https://site.example/?q={title}+{artist}' };

it('fills in values, percent-encoded', () => {
  const item = { id: 'x', title: 'Back & Forth?', artist: 'Björk' };
  assert.equal(linkTo(link, item), 'https://site.example/?q=Back%20%26%20Forth%3F+Bj%C3%B6rk');
  assert.equal(linkTo({ url: 'https://a.example/{id}' }, { id: 'a/b' }), 'https://a.example/a%2Fb');
});

it('makes no link if a value is missing, or if there is no template', () => {
  assert.equal(linkTo(link, { id: 'x', title: 'T' }), null);
  assert.equal(linkTo(link, { id: 'x', title: 'T', artist: '' }), null);
  assert.equal(linkTo(null, { id: 'x' }), null);
  assert.equal(linkTo(undefined, { id: 'x' }), null);
});

it('makes no link to anything but https', () => {
  for (const url of ['javascript:alert({id})', 'http://a.example/{id}', '//a.example/{id}']) {
    assert.equal(linkTo({ label: 'x', url }, { id: '1' }), null);
  }
});
