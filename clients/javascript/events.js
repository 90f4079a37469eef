/** Events and sessions as the server expects them; see docs/events.md. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** @returns {string} A random token for a visitor: one for each tab, never for a person. */
export const newSession = () => randomWord(22);

/**
 * Makes an event with an id of its own, so that sending it twice stores it once.
 *
 * @param {string} type A type of the domain, such as `click`.
 * @param {{item?: string, answer?: string, position?: number, at?: Date}} [fields] `at`: now by default.
 * @returns {import('./client.js').RecommenderEvent}
 */
export const newEvent = (type, { at = new Date(), ...fields } = {}) => ({
  id: randomWord(16),
  type,
  at: at.toISOString(),
  ...fields,
});

function randomWord(length) {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  // 64 letters: each takes six bits of a byte, and all are equally likely.
  return Array.from(bytes, (byte) => ALPHABET[byte & 63]).join('');
}
