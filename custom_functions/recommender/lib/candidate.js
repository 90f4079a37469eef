/**
 * The candidate's model: loaded and verified before the pointer moves, kept without answering from it, and taken
 * over as it is when the pointer names it.
 */

export function createCandidate() {
  let kept;

  return {
    /** @returns {import('./models.js').Opened | undefined} */
    get model() {
      return kept;
    },

    /**
     * @param {import('./models.js').Opened} model
     * @returns {boolean} False if one is kept already; the new one stays the caller's.
     */
    keep(model) {
      if (kept) return false;
      kept = model;
      return true;
    },

    /** @returns {import('./models.js').Opened} The kept one, which is the caller's from now on. */
    take() {
      const model = kept;
      kept = undefined;
      return model;
    },

    /** @param {string | undefined} version Frees a kept model of any other version. */
    keepOnly(version) {
      if (kept?.version === version) return;
      kept?.dispose();
      kept = undefined;
    },
  };
}
