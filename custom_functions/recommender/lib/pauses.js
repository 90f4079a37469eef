/**
 * Long work in the background lets requests through: it checks the clock often and yields when it has
 * held the thread for a few milliseconds.
 */

/**
 * @param {number} [longest] Milliseconds to hold the thread at most.
 * @returns {() => Promise<void> | undefined} Call it in the loop and await what it returns, if anything.
 */
export function createPauses(longest = 4) {
  let since = performance.now();
  return () => {
    if (performance.now() - since < longest) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        since = performance.now();
        resolve();
      });
    });
  };
}

/** @returns {Promise<void>} Resolves when everything that waits for the thread has run. */
export const yieldThread = () => new Promise((resolve) => setImmediate(resolve));
