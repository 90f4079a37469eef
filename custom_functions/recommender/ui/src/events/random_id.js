/**
 * `crypto.randomUUID` exists on HTTPS only; this works everywhere.
 *
 * @param {number} bytes
 * @returns {string} Random, of `A–Z a–z 0–9 - _`; 4 characters for 3 bytes.
 */
export const randomId = (bytes) =>
  btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(bytes))))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=/g, '');
