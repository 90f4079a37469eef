/**
 * @typedef {object} Row A place in the list of recommendations.
 * @property {object} result
 * @property {boolean} gone It was dismissed, and its place is kept so that no other row moves.
 */

/**
 * @param {object[]} results
 * @returns {Row[]}
 */
export const freshRows = (results) => results.map((result) => ({ result, gone: false }));

/**
 * Updates the rows without moving any. What was dismissed keeps its place; every other row stays, even if variety
 * would now choose another item for it, and new ones follow at the end until there are as many as in the answer.
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

// Places of dismissed items do not count.
function firstOf(rows, count) {
  let left = count;
  return rows.filter((row) => row.gone || left-- > 0);
}
