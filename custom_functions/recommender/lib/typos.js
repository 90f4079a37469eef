/**
 * What counts as a misspelling, for the search and for the pages, which mark what the search found. An error is
 * one letter too many, missing or wrong, or two neighbours swapped (optimal string alignment, the restricted
 * Damerau-Levenshtein distance). The first letter must be right: errors there are rare, and most of the
 * vocabulary need not be compared.
 */

/** Errors are allowed from this many letters on; in shorter words one error makes another word. */
const SHORTEST = 4;
/** From this many letters on, two errors are allowed. */
const TWO_FROM = 6;
/** Words that people add or leave out without noticing. */
const FILLERS = new Set(['a', 'an', 'and', 'n', 'of', 'the']);
const DIGIT = /\p{N}/u;

/**
 * @param {string} word As typed, in plain letters.
 * @returns {number} How many errors it may hold: 0, 1 or 2.
 */
export function allowedErrors(word) {
  // 1985 is no misspelling of 1984.
  if (word.length < SHORTEST || DIGIT.test(word)) return 0;
  return word.length < TWO_FROM ? 1 : 2;
}

/**
 * @param {string} word
 * @returns {boolean} Whether a match may do without it.
 */
export const isFiller = (word) => FILLERS.has(word);

/**
 * Finds the words of a vocabulary that somebody may have meant. Sorted words with a common beginning stand side
 * by side, so the vocabulary is walked like a tree and each beginning is compared once.
 *
 * @param {string[]} vocabulary Sorted by UTF-16 code units, distinct.
 * @param {string} typed
 * @returns {{from: number, to: number, errors: number}[]} Ranges of the vocabulary, the end excluded, where each
 *   word, or its beginning, differs from what was typed by 1 or 2 errors. They may overlap; the fewer count.
 */
export function misspelled(vocabulary, typed) {
  const most = allowedErrors(typed);
  const found = [];
  if (!most) return found;
  const rows = new Rows(typed);
  const walk = (from, to, depth, allowed) => {
    let start = from;
    if (vocabulary[start].length === depth) {
      const errors = rows.whole(depth);
      if (errors <= allowed) found.push({ from: start, to: start + 1, errors });
      start++;
    }
    for (let end; start < to; start = end) {
      const letter = vocabulary[start].charCodeAt(depth);
      end = endOfLetter(vocabulary, start, to, depth);
      if (depth === 0 && letter !== typed.charCodeAt(0)) continue;
      if (rows.read(letter, depth) > allowed) continue;
      const errors = rows.beginning(depth + 1);
      if (errors > allowed) walk(start, end, depth + 1, allowed);
      else {
        found.push({ from: start, to: end, errors });
        // A longer beginning may have fewer errors. Those without any are found by other means.
        if (errors > 1) walk(start, end, depth + 1, errors - 1);
      }
    }
  };
  if (vocabulary.length) walk(0, vocabulary.length, 0, most);
  return found;
}

/**
 * @param {string} typed
 * @param {string} word
 * @returns {number} How many letters of the word were meant by what was typed, as `misspelled` finds it; 0 if
 *   it is another word. Where several beginnings have equally few errors, the longest counts.
 */
export function lettersMeant(typed, word) {
  let allowed = allowedErrors(typed);
  if (!allowed || word[0] !== typed[0]) return 0;
  const rows = new Rows(typed);
  let letters = 0;
  const keep = (errors, length) => {
    if (errors > allowed) return;
    letters = length;
    allowed = errors;
  };
  for (let depth = 0; depth < word.length; depth++) {
    if (rows.read(word.charCodeAt(depth), depth) > allowed) return letters;
    keep(rows.beginning(depth + 1), depth + 1);
  }
  keep(rows.whole(word.length), word.length);
  return letters;
}

/** The rows of the table of distances between what was typed and one word, letter by letter of the word. */
class Rows {
  #typed;
  #letters = [];
  #rows;

  constructor(typed) {
    this.#typed = Array.from(typed, (_, i) => typed.charCodeAt(i));
    this.#rows = [Uint8Array.from({ length: typed.length + 1 }, (_, i) => i)];
  }

  /**
   * @param {number} letter The word's letter number `depth`.
   * @param {number} depth
   * @returns {number} The fewest errors that any continuation can have.
   */
  read(letter, depth) {
    const typed = this.#typed;
    const before = this.#rows[depth];
    const twoBefore = this.#rows[depth - 1];
    const row = (this.#rows[depth + 1] ??= new Uint8Array(typed.length + 1));
    this.#letters[depth] = letter;
    row[0] = depth + 1;
    let fewest = row[0];
    for (let i = 1; i <= typed.length; i++) {
      row[i] = Math.min(
        before[i - 1] + (typed[i - 1] === letter ? 0 : 1),
        before[i] + 1,
        row[i - 1] + 1,
        this.#isSwapped(i, depth) ? twoBefore[i - 2] + 1 : Infinity,
      );
      if (row[i] < fewest) fewest = row[i];
    }
    return fewest;
  }

  /** @returns {number} Errors, if the word ends after so many letters. */
  whole(letters) {
    return this.#rows[letters].at(-1);
  }

  /**
   * @returns {number} Errors, if the word continues after so many letters. The last of them must be the letter
   *   that was typed last, or swapped with it: otherwise "helo" would find every word that begins with "hel".
   */
  beginning(letters) {
    const typed = this.#typed;
    const isEnd =
      this.#letters[letters - 1] === typed.at(-1) || this.#isSwapped(typed.length, letters - 1);
    return isEnd ? this.whole(letters) : Infinity;
  }

  /** Whether the first `i` typed letters end with the same two as the word at `depth`, the other way round. */
  #isSwapped(i, depth) {
    const typed = this.#typed;
    const letters = this.#letters;
    if (i < 2 || depth < 1) return false;
    return typed[i - 2] === letters[depth] && typed[i - 1] === letters[depth - 1];
  }
}

/** The first place after `start`, up to `to`, whose word has another letter there. */
function endOfLetter(vocabulary, start, to, depth) {
  const letter = vocabulary[start].charCodeAt(depth);
  let low = start;
  let step = 1;
  while (low + step < to && vocabulary[low + step].charCodeAt(depth) === letter) {
    low += step;
    step *= 2;
  }
  let high = Math.min(low + step, to);
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (vocabulary[middle].charCodeAt(depth) === letter) low = middle;
    else high = middle;
  }
  return high;
}
