/**
 * The model that answers. Another one takes over between two requests; the old one's tensors are freed when its
 * last request has ended.
 */

/**
 * @param {object} options
 * @param {{info: Function}} options.log
 */
export function createLiveModel({ log }) {
  let held;
  let isFallback = false;

  return {
    /** @returns {import('./held_model.js').Held | undefined} */
    get held() {
      return held;
    },

    /** @returns {import('./models.js').Opened | undefined} */
    get model() {
      return held?.model;
    },

    /** @returns {boolean} Whether it answers because the current one cannot be loaded. */
    get isFallback() {
      return isFallback;
    },

    /**
     * @param {import('./held_model.js').Held} next Answers from now on.
     * @param {{isFallback?: boolean}} [options]
     */
    replace(next, options = {}) {
      const old = held;
      held = next;
      isFallback = Boolean(options.isFallback);
      old?.retire();
      const where = isFallback ? ' in place of the current one' : '';
      log.info(`model ${next.model.version} answers${where}`);
    },

    /** Frees the model when nothing uses it any more. */
    close() {
      held?.retire();
      held = undefined;
    },
  };
}
