import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SearchBuilder } from '../../custom_functions/recommender/lib/search.js';
import { indexWords } from '../../custom_functions/recommender/lib/words.js';

async function indexOf(titles, order = titles.keys()) {
  const builder = new SearchBuilder(titles.length);
  for (const index of order) builder.add(index, indexWords([titles[index]]));
  return builder.finish();
}

const TITLES = [
  'Hey Jude Beatles',
  'Hey Ya OutKast',
  'Help Beatles',
  'Jude Law',
  'Über den Wolken',
  '千本桜',
];

test('popular ones come first, whatever order the rows were read in', async () => {
  const index = await indexOf(TITLES, [5, 3, 1, 0, 4, 2]);
  assert.deepEqual(index.find('he', 10), [0, 1, 2]);
  assert.deepEqual(index.find('h', 2), [0, 1]);
});

test('every word typed must begin a word, in any order', async () => {
  const index = await indexOf(TITLES);
  assert.deepEqual(index.find('ju he', 10), [0]);
  assert.deepEqual(index.find('beat', 10), [0, 2]);
  assert.deepEqual(index.find('jude zzz', 10), []);
  assert.deepEqual(index.find('eatles', 10), []);
});

test('without a word, the most popular are found', async () => {
  const index = await indexOf(TITLES);
  assert.deepEqual(index.find('', 3), [0, 1, 2]);
});

test('case, accents and scripts do not matter', async () => {
  const index = await indexOf(TITLES);
  assert.deepEqual(index.find('UBER', 10), [4]);
  assert.deepEqual(index.find('本桜', 10), [5]);
});

test('an item whose row is missing is found by nothing but the empty query', async () => {
  const index = await indexOf(TITLES, [0, 1]);
  assert.deepEqual(index.find('help', 10), []);
  assert.deepEqual(index.find('', 6), [0, 1, 2, 3, 4, 5]);
});

test('names of an object’s own machinery are words like others', async () => {
  const index = await indexOf(['constructor', '__proto__', 'toString hasOwnProperty']);
  assert.deepEqual(index.find('constructor', 9), [0]);
  assert.deepEqual(index.find('proto', 9), [1]);
  assert.deepEqual(index.find('hasown tostr', 9), [2]);
});

test('it finds what a plain look at every title finds', async () => {
  const syllables = ['a', 'an', 'the', 'lo', 've', 'ni', 'ght', 'é', 'ø', '9'];
  let state = 7;
  const next = (n) => (state = (state * 48271) % 2147483647) % n;
  const word = () => Array.from({ length: 1 + next(3) }, () => syllables[next(10)]).join('');
  const titles = Array.from({ length: 3000 }, () => [word(), word(), word()].join(' '));
  const index = await indexOf(titles);
  for (let i = 0; i < 300; i++) {
    const typed = [word().slice(0, 1 + next(4)), word().slice(0, 1 + next(2))].slice(next(2));
    const wanted = typed.map((one) => [...indexWords([one])][0]);
    const plain = [...titles.keys()].filter((at) => {
      const words = [...indexWords([titles[at]])];
      return wanted.every((beginning) => words.some((one) => one.startsWith(beginning)));
    });
    assert.deepEqual(index.find(typed.join(' '), 50), plain.slice(0, 50), typed.join(' '));
  }
});
