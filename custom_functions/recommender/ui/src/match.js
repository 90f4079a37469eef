/**
 * Cuts a text where words begin as typed, without regard to case or accents, as the search does.
 *
 * @param {string} text
 * @param {string} typed
 * @returns {Array<{text: string, hit: boolean}>} The whole text, in order.
 */
export function matches(text, typed) {
  const words = plain(typed).match(/[\p{L}\p{N}]+/gu) ?? [];
  const parts = [];
  let end = 0;
  const push = (from, to, hit) => to > from && parts.push({ text: text.slice(from, to), hit });
  for (const word of text.matchAll(/[\p{L}\p{N}\p{M}]+/gu)) {
    const length = hitLength(word[0], words);
    if (!length) continue;
    push(end, word.index, false);
    end = word.index + length;
    push(word.index, end, true);
  }
  push(end, text.length, false);
  return parts;
}

/** How many characters of the word's beginning the longest fitting typed word covers. */
function hitLength(word, typed) {
  let longest = 0;
  for (const beginning of typed) {
    if (!plain(word).startsWith(beginning)) continue;
    // Folding may change the length (é is one or two characters): grow until the folded part fits.
    let length = 1;
    while (length < word.length && plain(word.slice(0, length)).length < beginning.length) length++;
    while (length < word.length && /\p{M}/u.test(word[length])) length++;
    longest = Math.max(longest, length);
  }
  return longest;
}

const plain = (text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
