/**
 * FNV-1a, a non-cryptographic hash: the same text gives the same drawing on every visit.
 *
 * @param {string} text
 * @returns {number} 0..2³²-1
 */
export function hash(text) {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  }
  // The last multiplication leaves the low bits of similar texts similar: mix in the high bits.
  return (sum ^ (sum >>> 15)) >>> 0;
}
