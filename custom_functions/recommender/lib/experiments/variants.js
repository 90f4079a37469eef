/**
 * A variant as signed answers and stored events name it. See docs/experiments.md.
 */

const SEPARATOR = '/';

/**
 * @param {string} id The experiment's.
 * @param {'champion' | 'challenger' | 'interleaved'} variant
 * @param {boolean[]} [teams] Of an interleaved answer, for each place: whether the challenger added the item.
 * @returns {string} For the signed answer.
 */
export const variantText = (id, variant, teams) =>
  [id, variant, ...(variant === 'interleaved' ? [packed(teams)] : [])].join(SEPARATOR);

/**
 * @param {string} text What the signed answer says.
 * @param {number | null} place 1-based, of the item that an event is about; null for an event without one.
 * @returns {string | null} What the event is stored with: of an interleaved answer, the side that added the item.
 */
export function creditOf(text, place) {
  const [id, variant, teams] = text.split(SEPARATOR);
  if (variant !== 'interleaved' || teams === undefined) return text || null;
  if (place === null) return [id, variant].join(SEPARATOR);
  return variantText(id, isChallengers(teams, place - 1) ? 'challenger' : 'champion');
}

function packed(teams) {
  const bytes = Buffer.alloc(Math.ceil(teams.length / 8));
  for (const [place, isChallenger] of teams.entries()) {
    if (isChallenger) bytes[place >> 3] |= 128 >> (place & 7);
  }
  return bytes.toString('base64url');
}

const isChallengers = (teams, place) =>
  (Buffer.from(teams, 'base64url')[place >> 3] & (128 >> (place & 7))) !== 0;
