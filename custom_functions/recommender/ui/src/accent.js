import { hash } from './hash.js';

const ACCENTS = ['vermilion', 'violet', 'fern', 'cobalt'];

/**
 * Gives each project a colour of its own, from its prefix alone: known before the first answer,
 * and with no list of domains to keep.
 *
 * @param {string} project song-recommender …
 */
export function wearAccent(project) {
  document.documentElement.dataset.accent = ACCENTS[hash(project) % ACCENTS.length];
}

/**
 * @param {URL} base The project's address.
 * @returns {string} The prefix that it was deployed under.
 */
export const projectOf = (base) => base.pathname.split('/').filter(Boolean).at(-1) ?? '';
