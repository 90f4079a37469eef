/**
 * When the current model cannot be loaded and none is in memory, the newest intact one that is stored answers:
 * an old answer is better than none. It never replaces a model that answers.
 */

import { ModelRefused } from './errors.js';

/**
 * @param {object} options
 * @param {{versions: () => Promise<{version: string}[]>}} options.tables
 * @param {(version: string) => Promise<object>} options.open
 * @param {{warn: Function}} options.log
 */
export function createFallback({ tables, open, log }) {
  return {
    /**
     * @param {import('./pointers.js').Row} current The row whose version cannot be loaded.
     * @param {(string | undefined)[]} [unproven] Versions that are not proven on all nodes yet: never used.
     * @returns {Promise<object>} The first that opens.
     * @throws {ModelRefused} None does.
     */
    async open(current, unproven = []) {
      const stored = (await tables.versions()).map(({ version }) => version);
      for (const version of inOrder(stored, current, unproven)) {
        try {
          return await open(version);
        } catch (error) {
          log.warn(`model ${version} cannot be used instead of ${current.version}`, error);
        }
      }
      throw new ModelRefused('no other stored model is intact', { temporary: true });
    },
  };
}

/** First those that were current, the last one first; then the others, the newest first. */
function inOrder(stored, current, unproven) {
  const history = Array.isArray(current.history) ? current.history : [];
  const before = history.map((entry) => entry?.version).filter((one) => stored.includes(one));
  const others = [current.version, ...unproven];
  return [...new Set([...before, ...stored])].filter((version) => !others.includes(version));
}
