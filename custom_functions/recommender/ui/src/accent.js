import { hash } from './hash.js';

const ACCENTS = ['vermilion', 'violet', 'fern', 'cobalt'];

/**
 * Sets the project's accent colour, derived from its URL prefix: it is known before the first response and needs no
 * list of domains.
 *
 * @param {string} project song-recommender …
 */
export function applyAccent(project) {
  document.documentElement.dataset.accent = ACCENTS[hash(project) % ACCENTS.length];
}

/**
 * @param {URL} base The project's address.
 * @returns {string} The prefix that it was deployed under.
 */
export const projectOf = (base) => base.pathname.split('/').filter(Boolean).at(-1) ?? '';
