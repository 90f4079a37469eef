/**
 * FNV-1a. Not for secrets: it only makes the same drawing of the same words on every visit.
 *
 * @param {string} text
 * @returns {number} 0..2³²-1
 */
export function hash(text) {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  }
  // The last multiplication leaves the low bits of like words alike; fold the high ones in.
  return (sum ^ (sum >>> 15)) >>> 0;
}
