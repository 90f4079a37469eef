/**
 * How text is compared. `normalise` is the same as Python's `training.text.normalise`; the rest is what
 * search adds to it. The pages mark by these rules too, so nothing of Node may be used here.
 */

const APOSTROPHES = /['’]/g;
const MARKS = /\p{M}/gu;
const WORD = /[\p{L}\p{N}]+/gu;
const WORD_WITH_APOSTROPHES = /[\p{L}\p{N}'’]+/gu;
const NOT_A_WORD = /[^\p{L}\p{N}]+/gu;
const SIGN = /[^\p{L}\p{N}]/u;

// Letters of their own that Unicode does not take apart but people type as these.
const LOOKALIKES = {
  ø: 'o',
  đ: 'd',
  ł: 'l',
  ħ: 'h',
  ı: 'i',
  ŧ: 't',
  æ: 'ae',
  œ: 'oe',
  ð: 'd',
  þ: 'th',
};
const LOOKALIKE = new RegExp(`[${Object.keys(LOOKALIKES).join('')}]`, 'g');

// "Simon & Garfunkel", "Florence + The Machine".
const SPOKEN = new Map([
  ['&', 'and'],
  ['+', 'and'],
]);

// Scripts that put no space between words: there, every letter may begin one.
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

const LONGEST_WORD = 48;
const MOST_WORDS = 96;

/**
 * Lower case without accents; punctuation stays.
 *
 * @param {string} text
 * @returns {string}
 */
function fold(text) {
  const bare = text.normalize('NFKD').replace(MARKS, '');
  // Python's casefold: both forms of the small sigma are one, and so are ß and ss.
  return bare.toLowerCase().replace(/ß/g, 'ss').replace(/ς/g, 'σ');
}

/**
 * The words of a text in lower case, without accents or punctuation, one space between.
 *
 * @param {string} text
 * @returns {string} e.g. `Beyoncé – AC/DC, Don't` → `beyonce ac dc dont`
 */
export function normalise(text) {
  return fold(text.replace(APOSTROPHES, '')).replace(NOT_A_WORD, ' ').trim();
}

/**
 * The words by which an item is found: `AC/DC` by `ac`, `dc` and `acdc`; `L'amour` by `l`, `amour` and
 * `lamour`; `!!!` by itself.
 *
 * @param {Iterable<string>} texts What is shown of the item.
 * @returns {Set<string>} Distinct, at most 96 words of at most 48 characters.
 */
export function indexWords(texts) {
  const words = new Set();
  for (const text of texts) for (const chunk of chunks(text)) addWords(words, chunk);
  return words.size <= MOST_WORDS ? words : new Set([...words].slice(0, MOST_WORDS));
}

/**
 * The beginnings somebody typed. A lone sign (`-`, `&`) counts only where nothing else was typed.
 *
 * @param {string} query
 * @param {number} [most] Further words are left out of account.
 * @returns {string[]} Distinct.
 */
export function queryWords(query, most) {
  const distinct = typedWords(query, most);
  // "the" is found wherever "then" is.
  return distinct.filter(
    (word) => !distinct.some((other) => other !== word && other.startsWith(word)),
  );
}

/**
 * What was typed, word by word.
 *
 * @param {string} query
 * @param {number} [most] Further words are left out.
 * @returns {string[]} Distinct.
 */
export function typedWords(query, most = 10) {
  const found = chunks(query);
  const words = found.flatMap((chunk) => pieces(chunk.replace(APOSTROPHES, '')));
  return [...new Set(words.length ? words : found)].slice(0, most).map(clip);
}

/**
 * @param {string} text
 * @returns {string} In the letters that people type: lower case, no accents, no look-alikes. Each letter is
 *   changed for itself, whatever stands beside it; what stands between words stays.
 */
export const plain = (text) => fold(text).replace(LOOKALIKE, (letter) => LOOKALIKES[letter]);

/**
 * The words that a chunk can be read as: `don't` is dont, and don and t; `ac/dc` is ac and dc, and acdc; `!!!` is
 * no word, and so itself; `&` is itself and the word that it stands for.
 *
 * @param {string} chunk Plain letters without a blank.
 * @returns {{word: string, at: number, without?: RegExp, standsFor?: true}[]} Where each begins in the chunk, and
 *   the signs that it leaves out of it; or that it is no part of the chunk but stands for the whole.
 */
export function readings(chunk) {
  // Nearly every chunk is one word; to read those the long way too would take thrice as long.
  if (!SIGN.test(chunk)) return [{ word: chunk, at: 0 }];
  const whole = runs(chunk, WORD_WITH_APOSTROPHES, APOSTROPHES);
  if (!whole.length) {
    const spoken = SPOKEN.get(chunk);
    const itself = [{ word: chunk, at: 0 }];
    return spoken ? [...itself, { word: spoken, at: 0, standsFor: true }] : itself;
  }
  const parted = runs(chunk, WORD);
  const word = whole.map((run) => run.word).join('');
  const joined = { word, at: whole[0].at, without: NOT_A_WORD };
  return whole.length > 1 ? [...whole, ...parted, joined] : [...whole, ...parted];
}

/**
 * @param {string} word
 * @returns {number[]} Where in it a search may begin.
 */
export function starts(word) {
  if (!UNSPACED.test(word)) return [0];
  let at = 0;
  return [...word].map((letter) => (at += letter.length) - letter.length);
}

function addWords(words, chunk) {
  for (const { word } of readings(chunk)) {
    for (const start of starts(word)) words.add(clip(word.slice(start)));
  }
}

function runs(chunk, pattern, without) {
  const found = Array.from(chunk.matchAll(pattern), ({ 0: run, index: at }) => ({
    word: without ? run.replace(without, '') : run,
    at,
    without,
  }));
  return found.filter(({ word }) => word);
}

const chunks = (text) => plain(text).split(/\s+/u).filter(Boolean);
const pieces = (chunk) => chunk.split(NOT_A_WORD).filter(Boolean);
const clip = (word) => word.slice(0, LONGEST_WORD);
