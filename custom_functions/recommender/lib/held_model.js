/**
 * A model and how many requests use it. One that is retired is freed when its last request has ended.
 */

/**
 * @param {import('./models.js').Opened} model
 *
 * @typedef {ReturnType<typeof holdModel>} Held
 */
export function holdModel(model) {
  let users = 0;
  let retired = false;

  const freeIfUnused = () => {
    if (retired && users === 0) model.dispose();
  };

  return {
    model,

    /**
     * Runs `work` with the model, which stays whole until the work is done.
     *
     * @template T
     * @param {(model: import('./models.js').Opened) => T | Promise<T>} work
     * @returns {Promise<T>}
     */
    async use(work) {
      users++;
      try {
        return await work(model);
      } finally {
        users--;
        freeIfUnused();
      }
    },

    /** Frees the model when nothing uses it any more; nothing may begin to afterwards. */
    retire() {
      retired = true;
      freeIfUnused();
    },
  };
}
