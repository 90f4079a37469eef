import assert from 'node:assert/strict';
import { it } from 'node:test';
import { lettersMeant } from '../../../custom_functions/recommender/lib/typos.js';
import { indexWords, typedWords } from '../../../custom_functions/recommender/lib/words.js';
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

for (const [text, typed, wanted] of [
  ['Røyksopp', 'royk', '[Røyk]sopp'],
  ['Straße', 'strasse', '[Straße]'],
  ['Straße', 'stras', '[Straß]e'],
  ["Don't Stop", 'dont', "[Don't] Stop"],
  ['Don’t Stop', "don't st", '[Don’t] [St]op'],
  ["L'amour", 'amour', "L'[amour]"],
  ["L'amour", 'lam', "[L'am]our"],
  ['AC/DC', 'acdc', '[AC/DC]'],
  ['AC/DC', 'acd', '[AC/D]C'],
  ['AC/DC', 'dc', 'AC/[DC]'],
  ['AC/DC', 'ac dc', '[AC]/[DC]'],
  ['Łódź', 'lodz', '[Łódź]'],
  ['Ænima', 'ae', '[Æ]nima'],
  ['千本桜', '桜', '千本[桜]'],
  ['千本桜', '千 本', '[千本]桜'],
  ['が千', 'か', '[が]千'],
  ['𠮷野家 𠮷', '𠮷', '[𠮷]野家 [𠮷]'],
  ['(!!!)', '!!!', '(!!!)'],
  ['!!!', '!!', '[!!]!'],
  ['I ❤️ You', '❤', 'I [❤️] You'],
  ['Ａｂｃ', 'ab', '[Ａｂ]ｃ'],
  ['ΣΑΣ', 'σας', '[ΣΑΣ]'],
  ['The Then', 'the then', '[The] [Then]'],
  ['Simon & Garfunkel', 'simon and garfunkel', '[Simon] [&] [Garfunkel]'],
  ['Simon & Garfunkel', 'simon & garf', '[Simon] & [Garf]unkel'],
  ['Metallica', 'metalica', '[Metallica]'],
  ['Metallica', 'metalic', '[Metallic]a'],
  ['Beyoncé', 'beyonze', '[Beyoncé]'],
  ["Guns N' Roses", 'guns and rosse', "[Guns] N' [Roses]"],
  ['The Beatles, Beetles', 'the beetles', '[The] Beatles, [Beetles]'],
]) {
  it(`marks in ${text} what the search finds by ${typed}`, () =>
    assert.equal(marked(text, typed), wanted));
}

it('marks something wherever the search finds something, and nowhere else', () => {
  const letters = [..."aAabcøßŁı'’/-.& é\u0301ﬁ½千桜がΣς❤\ufe0f🎸𝔘"];
  let state = 11;
  const next = (n) => (state = (state * 48271) % 2147483647) % n;
  const some = (most) => Array.from({ length: next(most) }, () => letters[next(letters.length)]);
  for (let i = 0; i < 5000; i++) {
    const text = some(10).join('');
    const typed = some(8).join('');
    const words = [...indexWords([text])];
    const isFound = typedWords(typed).some((one) =>
      words.some((word) => word.startsWith(one) || lettersMeant(one, word)),
    );
    const isMarked = matches(text, typed).some(({ hit }) => hit);
    assert.equal(isMarked, isFound, JSON.stringify([text, typed]));
  }
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
