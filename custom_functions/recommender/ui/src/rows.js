/**
 * @typedef {object} Row A row in the list of recommendations.
 * @property {object} result
 * @property {boolean} gone Dismissed, and kept as a placeholder so that no other row moves.
 */

/**
 * @param {object[]} results
 * @returns {Row[]}
 */
export const freshRows = (results) => results.map((result) => ({ result, gone: false }));

/**
 * Updates the rows without moving any. A dismissed row becomes a placeholder. Every other row stays, even if the
 * answer no longer contains it (variety), and new ones are appended until there are as many as in the answer.
 *
 * @param {Row[]} rows
 * @param {object[]} results
 * @param {string[]} dismissed
 * @returns {Row[]}
 */
export function keepPlaces(rows, results, dismissed) {
  const gone = new Set(dismissed);
  const current = new Map(results.filter(({ id }) => !gone.has(id)).map((one) => [one.id, one]));
  const kept = rows.map(({ result }) => ({
    result: current.get(result.id) ?? result,
    gone: gone.has(result.id),
  }));
  const shown = new Set(rows.map(({ result }) => result.id));
  const others = freshRows([...current.values()].filter(({ id }) => !shown.has(id)));
  return firstOf([...kept, ...others], current.size);
}

// Placeholders do not count.
function firstOf(rows, count) {
  let left = count;
  return rows.filter((row) => row.gone || left-- > 0);
}
