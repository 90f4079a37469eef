/**
 * Which variant of an experiment a session gets. Computed from the session alone, so that every node says the same
 * and no list of visitors is kept. See docs/experiments.md.
 */

import { createHash } from 'node:crypto';

const BYTES = 6;

/**
 * @param {string} salt The experiment's.
 * @param {string} session
 * @returns {number} Uniform in [0, 1) over sessions.
 */
export const placeOf = (salt, session) =>
  createHash('sha256').update(`${salt}\0${session}`).digest().readUIntBE(0, BYTES) /
  2 ** (8 * BYTES);

/**
 * @param {{mode: 'split' | 'interleave', share: number, salt: string}} experiment
 * @param {string} session
 * @returns {'champion' | 'challenger' | 'interleaved'}
 */
export function variantOf({ mode, share, salt }, session) {
  if (placeOf(salt, session) >= share) return 'champion';
  return mode === 'split' ? 'challenger' : 'interleaved';
}
