/**
 * Models that are loaded and verified beside the one that answers: the candidate of a deploy, and the challenger of
 * an experiment. The pointer can name either, and then it is taken over as it is.
 */

import { holdModel } from './held_model.js';

export function createKeptModels() {
  const kept = new Map(); // by version

  return {
    /**
     * @param {string} version
     * @returns {import('./held_model.js').Held | undefined}
     */
    get: (version) => kept.get(version),

    /**
     * @param {import('./models.js').Opened} model
     * @returns {boolean} False if its version is kept already; the new one stays the caller's.
     */
    keep(model) {
      if (kept.has(model.version)) return false;
      kept.set(model.version, holdModel(model));
      return true;
    },

    /**
     * @param {string} version
     * @returns {import('./held_model.js').Held} The kept one, which is the caller's from now on.
     */
    take(version) {
      const held = kept.get(version);
      kept.delete(version);
      return held;
    },

    /** @param {(string | undefined)[]} versions Frees the models of all others. */
    keepOnly(versions) {
      for (const [version, held] of kept) {
        if (versions.includes(version)) continue;
        kept.delete(version);
        held.retire();
      }
    },

    /** Lets each do what is due now and then. */
    refresh() {
      for (const { model } of kept.values()) model.refresh?.();
    },
  };
}
