/**
 * Lists of ids in the address of a page: `?songs=a,b`. A comma separates two ids, so a comma inside an id is escaped
 * twice.
 */

/**
 * @param {string | null} text The parameter's value, decoded once.
 * @returns {string[]} Distinct, in their order.
 */
export function readIds(text) {
  const ids = (text ?? '').split(',').map(decode).filter(Boolean);
  return [...new Set(ids)];
}

/**
 * @param {string[]} ids
 * @returns {string} The parameter's value, encoded.
 */
export const writeIds = (ids) =>
  ids
    .map((id) => encodeURIComponent(id.replace(/[%,]/g, (mark) => encodeURIComponent(mark))))
    .join(',');

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
