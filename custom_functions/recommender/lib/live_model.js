/**
 * The model that answers, and how many requests use it. Another one takes over between two requests; the old
 * one's tensors are freed when its last request has ended.
 */

/** @typedef {{version: string, dispose: () => void}} Opened */

export function createLiveModel() {
  let live; // {model, isFallback, users, retired}

  function retire(one) {
    one.retired = true;
    if (one.users === 0) one.model.dispose();
  }

  function release(one) {
    one.users--;
    if (one.retired && one.users === 0) one.model.dispose();
  }

  return {
    /** @returns {Opened | undefined} */
    get model() {
      return live?.model;
    },

    /** @returns {boolean} Whether it answers because the current one cannot be loaded. */
    get isFallback() {
      return Boolean(live?.isFallback);
    },

    /**
     * @param {Opened} model Answers from now on.
     * @param {{isFallback?: boolean}} [options]
     */
    replace(model, { isFallback = false } = {}) {
      const old = live;
      live = { model, isFallback, users: 0, retired: false };
      if (old) retire(old);
    },

    /**
     * Runs `work` with the model, which stays whole until the work is done. There must be one.
     *
     * @template T
     * @param {(model: Opened) => T | Promise<T>} work
     * @returns {Promise<T>}
     */
    async use(work) {
      const held = live;
      held.users++;
      try {
        return await work(held.model);
      } finally {
        release(held);
      }
    },

    /** Frees the model when nothing uses it any more. */
    close() {
      if (live) retire(live);
      live = undefined;
    },
  };
}
