/**
 * When a request is sent again: exponential backoff with jitter, and the server's `Retry-After` where it is longer.
 *
 * @typedef {object} Retries
 * @property {number} [most] How often a request is sent again; 0: never.
 * @property {number} [backoff] Seconds before the first retry; doubled before each further one.
 * @property {number} [longestWait] Seconds; a server that asks for more is not waited for.
 */

const DEFAULTS = { most: 3, backoff: 0.2, longestWait: 30 };

/**
 * @param {number} retry 0 for the first.
 * @param {number | undefined} retryAfter What the server asked for, in seconds.
 * @param {Retries} [retries]
 * @returns {number | undefined} Seconds; undefined: no further retry.
 */
export function waitBefore(retry, retryAfter = 0, retries = {}) {
  const { most, backoff, longestWait } = { ...DEFAULTS, ...retries };
  if (retry >= most || retryAfter > longestWait) return undefined;
  // Many clients whose requests failed together must not come back together.
  const jitter = 0.5 + Math.random() / 2;
  return Math.max(Math.min(backoff * 2 ** retry, longestWait) * jitter, retryAfter);
}

/**
 * @param {string | null} header `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3).
 * @returns {number | undefined} Seconds from now.
 */
export function secondsOf(header) {
  if (!header) return undefined;
  const seconds = Number(header);
  if (!Number.isNaN(seconds)) return Math.max(0, seconds);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - Date.now()) / 1000);
}
