/**
 * Long work in the background lets requests through: it looks at the clock often and hands over when it has
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

/** @returns {Promise<void>} After whatever waits for the thread has had its turn. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));
