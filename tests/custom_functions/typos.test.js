import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  allowedErrors,
  lettersMeant,
  misspelled,
} from '../../custom_functions/recommender/lib/typos.js';

for (const [typed, word, letters] of [
  ['metalica', 'metallica', 9],
  ['garfunkle', 'garfunkel', 9],
  ['shakespere', 'shakespeare', 11],
  ['beetles', 'beatles', 7],
  ['dostoyevsky', 'dostoevsky', 10],
  ['nirvanna', 'nirvana', 7],
  ['stephen', 'steven', 6],
]) {
  test(`${typed} means ${word}`, () => assert.equal(lettersMeant(typed, word), letters));
}

test('the beginning of a word may be misspelled, too', () => {
  assert.equal(lettersMeant('metalic', 'metallica'), 8);
  assert.equal(lettersMeant('garfnuk', 'garfunkel'), 7);
  assert.equal(lettersMeant('beelt', 'beetle'), 5);
});

test('a beginning ends with the letter that was typed last', () => {
  assert.equal(lettersMeant('helo', 'hello'), 5);
  assert.equal(lettersMeant('helo', 'helping'), 0);
});

for (const [typed, word] of [
  ['eatles', 'beatles'],
  ['the', 'she'],
  ['tho', 'the'],
  ['1985', '1984'],
  ['u2000', 'u2001'],
  ['jude', 'jazzy'],
  ['abcdefgh', 'axcxefgx'],
]) {
  test(`${typed} does not mean ${word}`, () => assert.equal(lettersMeant(typed, word), 0));
}

test('longer words may hold more errors', () => {
  assert.deepEqual(['the', 'jude', 'peter', 'stephen', '1984'].map(allowedErrors), [0, 1, 1, 2, 0]);
});

/** The textbook's table, with one row for each letter of the word. */
function distances(typed, word) {
  const table = Array.from({ length: word.length + 1 }, (_, d) => [d]);
  for (let i = 0; i <= typed.length; i++) table[0][i] = i;
  for (let d = 1; d <= word.length; d++) {
    for (let i = 1; i <= typed.length; i++) {
      const options = [
        table[d - 1][i] + 1,
        table[d][i - 1] + 1,
        table[d - 1][i - 1] + (typed[i - 1] === word[d - 1] ? 0 : 1),
      ];
      if (d > 1 && i > 1 && typed[i - 1] === word[d - 2] && typed[i - 2] === word[d - 1])
        options.push(table[d - 2][i - 2] + 1);
      table[d][i] = Math.min(...options);
    }
  }
  return table.map((row) => row.at(-1));
}

/** The errors by which a word may be meant, of all its beginnings, or Infinity. */
function fewest(typed, word) {
  if (typed[0] !== word[0]) return Infinity;
  const all = distances(typed, word);
  const ends = all.filter((_, d) => {
    const isSwapped =
      word[d - 1] === typed.at(-2) && word[d - 2] === typed.at(-1) && typed.length > 1;
    return d === word.length || (d > 0 && (word[d - 1] === typed.at(-1) || isSwapped));
  });
  const errors = Math.min(...ends);
  return errors <= allowedErrors(typed) ? errors : Infinity;
}

test('it finds the words that comparing each one finds, with as many errors', () => {
  let state = 5;
  const next = (n) => (state = (state * 48271) % 2147483647) % n;
  const word = () => Array.from({ length: 1 + next(9) }, () => 'abcde'[next(5)]).join('');
  const vocabulary = [...new Set(Array.from({ length: 4000 }, word))].sort();
  for (let round = 0; round < 300; round++) {
    const typed = word();
    const found = new Array(vocabulary.length).fill(Infinity);
    for (const { from, to, errors } of misspelled(vocabulary, typed)) {
      for (let i = from; i < to; i++) found[i] = Math.min(found[i], errors);
    }
    vocabulary.forEach((one, i) => {
      const wanted = fewest(typed, one);
      if (allowedErrors(typed)) assert.equal(lettersMeant(typed, one) > 0, wanted < Infinity, one);
      // Words that begin like it are found without this.
      if (!one.startsWith(typed))
        assert.equal(found[i], allowedErrors(typed) ? wanted : Infinity, `${typed} ${one}`);
    });
  }
});

test('an empty vocabulary has no misspelled words', () => {
  assert.deepEqual(misspelled([], 'metalica'), []);
});
