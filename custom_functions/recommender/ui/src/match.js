import { plain, readings, starts, typedWords } from '../../lib/words.js';

/**
 * Cuts a text where the search finds what was typed in it, by the search's own rules.
 *
 * @param {string} text As it is shown.
 * @param {string} typed
 * @returns {Array<{text: string, hit: boolean}>} The whole text, in order.
 */
export function matches(text, typed) {
  const beginnings = typedWords(typed);
  const { letters, places } = lettersOf(text);
  const isHit = new Array(text.length).fill(false);
  for (const { 0: chunk, index } of letters.matchAll(/\S+/gu)) {
    for (const [from, to] of hits(chunk, beginnings)) {
      // Several letters may come from one of the text (ß): it is marked whole.
      let end = index + to;
      while (places[end] === places[end - 1]) end++;
      isHit.fill(true, places[index + from], places[end]);
    }
  }
  return cut(text, isHit);
}

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

/** @returns {Array<[number, number]>} Where in the chunk a beginning stands, however the chunk is read. */
function hits(chunk, beginnings) {
  return readings(chunk).flatMap((reading) => {
    const found = starts(reading.word).flatMap((start) =>
      beginnings
        .filter((beginning) => reading.word.startsWith(beginning, start))
        .map((beginning) => [start, start + beginning.length]),
    );
    if (!found.length) return [];
    const kept = placesKept(chunk, reading);
    return found.map(([from, to]) => [kept[from], kept[to - 1] + 1]);
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
