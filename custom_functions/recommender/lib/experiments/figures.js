/**
 * What a worker counted of the present experiment, by variant: one source for `/metrics`. Of an earlier experiment
 * nothing is kept.
 */

import { LATENCY_BOUNDS } from '../figures.js';

/**
 * @typedef {{answers: number, failures: number, within: number[], milliseconds: number}} VariantFigures `within`:
 *   answers by the first of `LATENCY_BOUNDS` that they stayed within; slower ones are in none.
 */
export function createExperimentFigures() {
  let counted = { id: undefined, variants: new Map() };

  function variantOf(id, variant) {
    if (counted.id !== id) counted = { id, variants: new Map() };
    if (!counted.variants.has(variant)) counted.variants.set(variant, none());
    return counted.variants.get(variant);
  }

  return {
    /**
     * @param {string} id The experiment's.
     * @param {string} variant
     * @param {number} milliseconds
     */
    answered(id, variant, milliseconds) {
      const one = variantOf(id, variant);
      one.answers++;
      one.milliseconds += milliseconds;
      const bound = LATENCY_BOUNDS.findIndex((seconds) => milliseconds <= seconds * 1000);
      if (bound >= 0) one.within[bound]++;
    },

    /**
     * @param {string} id
     * @param {string} variant
     */
    failed(id, variant) {
      variantOf(id, variant).failures++;
    },

    /**
     * @param {string} id
     * @returns {Map<string, VariantFigures>} By variant.
     */
    of: (id) => (counted.id === id ? counted.variants : new Map()),
  };
}

const none = () => ({
  answers: 0,
  failures: 0,
  within: LATENCY_BOUNDS.map(() => 0),
  milliseconds: 0,
});
