import assert from 'node:assert/strict';
import { it } from 'node:test';
import { matches } from '../../../custom_functions/recommender/ui/src/match.js';

const marked = (text, typed) =>
  matches(text, typed)
    .map((part) => (part.hit ? `[${part.text}]` : part.text))
    .join('');

it('marks beginnings of words, in any order and case', () => {
  assert.equal(marked('Hey Jude', 'ju HE'), '[He]y [Ju]de');
});

it('leaves the middle of a word alone', () => {
  assert.equal(marked('The Other', 'the'), '[The] Other');
});

it('sees through accents, composed or not', () => {
  assert.equal(marked('Beyoncé Émile', 'beyonce em'), '[Beyoncé] [Ém]ile');
  assert.equal(marked('E\u0301mile', 'em'), '[E\u0301m]ile');
  assert.equal(marked('Emile', 'ém'), '[Em]ile');
});

it('loses no character, whatever is typed', () => {
  const text = '<b>Ça</b> & 🎸 “ﬁn” שיר';
  for (const typed of ['', '.*', '🎸', 'c', 'fi', 'שי', '\\']) {
    assert.equal(
      matches(text, typed)
        .map((part) => part.text)
        .join(''),
      text,
    );
  }
});
