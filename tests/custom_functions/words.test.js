import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { indexWords, normalise, queryWords } from '../../custom_functions/recommender/lib/words.js';

// The same pairs are meant for Python's `training.text.normalise`.
const PAIRS = JSON.parse(readFileSync(new URL('./normalised.json', import.meta.url)));

for (const [text, expected] of PAIRS) {
  test(`${JSON.stringify(text)} is normalised to ${JSON.stringify(expected)}`, () => {
    assert.equal(normalise(text), expected);
    assert.equal(normalise(normalise(text)), normalise(text));
  });
}

const found = (text, typed) => {
  const words = [...indexWords([text])];
  return queryWords(typed).every((beginning) => words.some((word) => word.startsWith(beginning)));
};

for (const [text, typed] of [
  ['AC/DC', 'ac dc'],
  ['AC/DC', 'acdc'],
  ['AC/DC', 'AC/DC'],
  ["Don't Stop", 'dont'],
  ["Don't Stop", 'don’t st'],
  ["L'amour", 'amour'],
  ["Smith-O'Connor", "o'connor"],
  ['Sigur Rós', 'ros sigur'],
  ['Røyksopp', 'royksopp'],
  ['Łódź', 'lodz'],
  ['Straße', 'strasse'],
  ['!!!', '!!!'],
  ['÷ (Deluxe)', '÷'],
  ['I ❤️ You', '❤'],
  ['Artist Title', 'artist - title'],
  ['Simon & Garfunkel', 'garfunkel & simon'],
  ['Simon & Garfunkel', 'simon and garfunkel'],
  ['Simon and Garfunkel', 'simon & garfunkel'],
  ['Florence + The Machine', 'florence and the machine'],
  ['千本桜', '桜'],
  ['Ночь', 'НОЧ'],
  ['ΣΑΣ', 'σας'],
  ['한국', '한'],
  ['مرحبا', 'مر'],
  ['1984', '19'],
]) {
  test(`${text} is found by ${typed}`, () => assert.ok(found(text, typed)));
}

for (const [text, typed] of [
  ['AC/DC', 'bc'],
  ['Hey Jude', 'ude'],
  ['Hey Jude', 'hey judy'],
  ['I ❤️ You', '💔'],
]) {
  test(`${text} is not found by ${typed}`, () => assert.ok(!found(text, typed)));
}

test('a query of blanks has no words', () => assert.deepEqual(queryWords('  \t '), []));

test('a query of a hundred words is cut to ten', () => {
  const typed = Array.from({ length: 100 }, (_, i) => `w${i}`).join(' ');
  assert.equal(queryWords(typed).length, 10);
});

test('a title of ten thousand words keeps the index small', () => {
  const title = Array.from({ length: 10_000 }, (_, i) => `w${i}`).join(' ');
  assert.equal(indexWords([title]).size, 96);
  assert.ok(Math.max(...[...indexWords(['x'.repeat(10_000)])].map((w) => w.length)) <= 48);
});

test('a half of a surrogate pair does no harm', () => {
  assert.equal(typeof normalise('\ud83d'), 'string');
  assert.ok(indexWords(['\ud83d a']).has('a'));
});
