/**
 * What the loop that retrains the model did last, from the row `rounds` of the table `current` (docs/tables.md).
 * The row comes from outside: whatever is not as expected becomes null.
 */

/** How many rounds are shown. */
export const MOST_ROUNDS = 20;
/** Most characters of a text. */
export const LONGEST_TEXT = 300;

const TEXTS = ['at', 'outcome', 'stage', 'reason', 'before', 'after'];
const NUMBERS = ['new_events', 'events', 'ndcg@20', 'ndcg@20_before', 'people', 'seconds'];

const properties = (names, schema) => Object.fromEntries(names.map((name) => [name, schema]));

/** JSON Schema of what `roundsOf` returns. */
export const roundsSchema = {
  type: 'array',
  maxItems: MOST_ROUNDS,
  items: {
    type: 'object',
    required: [...TEXTS, ...NUMBERS],
    properties: {
      ...properties(TEXTS, { type: ['string', 'null'], maxLength: LONGEST_TEXT }),
      ...properties(NUMBERS, { type: ['number', 'null'] }),
    },
  },
};

/**
 * @param {{rounds?: unknown} | undefined} row
 * @param {object} options
 * @param {boolean} options.isReader Whether the client is logged in to the database. The reason of a failure may
 *   name hosts and files, so nobody else reads it.
 * @returns {object[] | undefined} The newest first; nothing where no loop has written the row.
 */
export function roundsOf(row, { isReader }) {
  if (!Array.isArray(row?.rounds)) return undefined;
  const isRound = (one) => typeof one === 'object' && one !== null && !Array.isArray(one);
  const rounds = row.rounds.filter(isRound).slice(0, MOST_ROUNDS).map(shown);
  if (isReader) return rounds;
  return rounds.map((one) => (one.outcome === 'failed' ? { ...one, reason: null } : one));
}

function shown(round) {
  const text = (value) => (typeof value === 'string' ? value.slice(0, LONGEST_TEXT) : null);
  const number = (value) => (Number.isFinite(value) ? value : null);
  return {
    ...Object.fromEntries(TEXTS.map((name) => [name, text(round[name])])),
    ...Object.fromEntries(NUMBERS.map((name) => [name, number(round[name])])),
  };
}
