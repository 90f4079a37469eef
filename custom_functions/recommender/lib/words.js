/**
 * How text is compared. `normalise` is the same as Python's `training.text.normalise`; the rest is what
 * search adds to it.
 */

const APOSTROPHES = /['’]/g;
const MARKS = /\p{M}/gu;
const NOT_A_WORD = /[^\p{L}\p{N}]+/gu;

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
export function queryWords(query, most = 10) {
  const found = chunks(query);
  const words = found.flatMap((chunk) => pieces(chunk.replace(APOSTROPHES, '')));
  const distinct = [...new Set(words.length ? words : found)].slice(0, most).map(clip);
  // "the" is found wherever "then" is.
  return distinct.filter(
    (word) => !distinct.some((other) => other !== word && other.startsWith(word)),
  );
}

function addWords(words, chunk) {
  const whole = pieces(chunk.replace(APOSTROPHES, ''));
  if (!whole.length) return words.add(clip(chunk));
  for (const word of whole) addWord(words, word);
  for (const word of pieces(chunk)) addWord(words, word);
  if (whole.length > 1) addWord(words, whole.join(''));
}

function addWord(words, word) {
  words.add(clip(word));
  if (!UNSPACED.test(word)) return;
  const letters = [...word];
  for (let i = 1; i < letters.length; i++) words.add(clip(letters.slice(i).join('')));
}

const chunks = (text) =>
  fold(text)
    .replace(LOOKALIKE, (letter) => LOOKALIKES[letter])
    .split(/\s+/u)
    .filter(Boolean);
const pieces = (chunk) => chunk.split(NOT_A_WORD).filter(Boolean);
const clip = (word) => word.slice(0, LONGEST_WORD);
