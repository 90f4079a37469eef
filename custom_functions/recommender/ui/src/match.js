import { lettersMeant } from '../../lib/typos.js';
import { plain, readings, starts, typedWords } from '../../lib/words.js';

/**
 * Cuts a text where the search finds what was typed in it, by the search's own rules. A misspelled word is
 * marked where it is the best that the text has.
 *
 * @param {string} text As it is shown.
 * @param {string} typed
 * @returns {Array<{text: string, hit: boolean}>} The whole text, in order.
 */
export function matches(text, typed) {
  const { letters, places } = lettersOf(text);
  const chunks = [...letters.matchAll(/\S+/gu)];
  const isHit = new Array(text.length).fill(false);
  for (const one of typedWords(typed)) {
    const exact = chunks.flatMap((chunk) => hits(chunk, one, lettersBegun));
    const found = exact.length ? exact : chunks.flatMap((chunk) => hits(chunk, one, lettersMeant));
    for (const [from, to] of found) {
      // Several letters may come from one of the text (ß): it is marked whole.
      let end = to;
      while (places[end] === places[end - 1]) end++;
      isHit.fill(true, places[from], places[end]);
    }
  }
  return cut(text, isHit);
}

const lettersBegun = (typed, word) => (word.startsWith(typed) ? typed.length : 0);

/** @returns {{letters: string, places: number[]}} The text in plain letters, and where each one comes from. */
function lettersOf(text) {
  let letters = '';
  const places = [];
  let at = 0;
  for (const letter of text) {
    const bare = plain(letter);
    letters += bare;
    for (let i = 0; i < bare.length; i++) places.push(at);
    at += letter.length;
  }
  // A mark that follows its letter has left none of its own: the letter ends where the next one begins.
  return { letters, places: [...places, text.length] };
}

/**
 * @param {RegExpMatchArray} chunk
 * @param {string} typed One word.
 * @param {(typed: string, word: string) => number} lettersFound How many letters of a word match.
 * @returns {Array<[number, number]>} Where in the text the word stands, however the chunk is read.
 */
function hits({ 0: chunk, index }, typed, lettersFound) {
  return readings(chunk).flatMap((reading) => {
    const { word, standsFor } = reading;
    const found = starts(word)
      .map((start) => [start, start + lettersFound(typed, word.slice(start))])
      .filter(([from, to]) => to > from);
    if (!found.length) return [];
    if (standsFor) return [[index, index + chunk.length]];
    const kept = placesKept(chunk, reading);
    return found.map(([from, to]) => [index + kept[from], index + kept[to - 1] + 1]);
  });
}

/** @returns {number[]} Where in the chunk each letter of the word stands. */
function placesKept(chunk, { at, without }) {
  const places = [];
  for (const letter of chunk.slice(at)) {
    const isKept = !without || letter.replace(without, '') !== '';
    for (let i = 0; i < letter.length; i++, at++) if (isKept) places.push(at);
  }
  return places;
}

function cut(text, isHit) {
  const parts = [];
  for (let from = 0, to; from < text.length; from = to) {
    to = from + 1;
    while (to < text.length && isHit[to] === isHit[from]) to++;
    parts.push({ text: text.slice(from, to), hit: isHit[from] });
  }
  return parts;
}
