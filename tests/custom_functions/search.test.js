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

test('where no row has arrived, a word finds nothing', async () => {
  const index = await indexOf(TITLES, []);
  assert.deepEqual(index.find('help', 10), []);
  assert.deepEqual(index.find('metallica', 10), []);
});

test('names of an object’s own machinery are words like others', async () => {
  const index = await indexOf(['constructor', '__proto__', 'toString hasOwnProperty']);
  assert.deepEqual(index.find('constructor', 9), [0]);
  assert.deepEqual(index.find('proto', 9), [1]);
  assert.deepEqual(index.find('hasown tostr', 9), [2]);
});

const FORGIVING = [
  'Nothing Else Matters Metallica',
  'Simon & Garfunkel The Boxer',
  "Guns N' Roses Paradise City",
  'Brothers in Arms Dire Straits',
  'Romeo and Juliet William Shakespeare',
  'Metalingus Alter Bridge',
  'Fade to Black Metallica',
  'Beatles Yesterday',
];

for (const [typed, wanted] of [
  ['metalica', [0, 6]],
  ['metalic', [0, 6]],
  ['simon and garfunkel', [1]],
  ['garfunkle simon', [1]],
  ['guns and roses', [2]],
  ['shakespere romeo', [4]],
  ['the beetles', [7]],
  ['yesterday by the beatles', []],
  ['dier straights', [3]],
  ['brohters in amrs', [3]],
  ['the and', [1]],
  ['metallicazz', [0, 6]],
  ['metallicazzz', []],
]) {
  test(`"${typed}" finds ${wanted.length ? wanted.map((i) => FORGIVING[i]).join(', ') : 'nothing'}`, async () => {
    const index = await indexOf(FORGIVING);
    assert.deepEqual(index.find(typed, 10), wanted);
  });
}

test('fewer errors come before more, and the popular first among equals', async () => {
  const index = await indexOf(['Stavens', 'Steven King', 'Stephen King', 'Stephens', 'Steven']);
  assert.deepEqual(index.find('stevens', 10), [0, 1, 4, 3]);
  assert.deepEqual(index.find('stephen', 10), [2, 3, 1, 4]);
});

test('misspellings are left out where enough is found without', async () => {
  const many = Array.from({ length: 5 }, (_, i) => `Beetle ${i}`);
  const index = await indexOf(['Beatle', ...many]);
  assert.deepEqual(index.find('beetle', 10), [1, 2, 3, 4, 5]);
  assert.deepEqual(index.find('beetle', 2), [1, 2]);
});

test('a shorter list is the beginning of a longer one', async () => {
  const index = await indexOf(FORGIVING);
  for (const typed of ['metalic', 'the', 'b', 'garfunkle', 'the and']) {
    const all = index.find(typed, 100);
    for (let limit = 1; limit < 9; limit++) {
      assert.deepEqual(index.find(typed, limit), all.slice(0, limit), typed);
    }
  }
});

test('a number is never taken for another', async () => {
  const index = await indexOf(['1984 George Orwell', '1985 Anthony Burgess']);
  assert.deepEqual(index.find('1984', 10), [0]);
});

test('it finds first what comparing every title finds', async () => {
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
    const found = index.find(typed.join(' '), 50);
    assert.deepEqual(found.slice(0, plain.length), plain.slice(0, 50), typed.join(' '));
    if (plain.length >= 5) assert.equal(found.length, Math.min(plain.length, 50), typed.join(' '));
  }
});
