/**
 * How often one client may ask: a token bucket for each, `rate` requests a second with bursts of two seconds'
 * worth. Remembers a bounded number of clients; the one not seen for longest is forgotten first.
 */

import { tooManyRequests } from './errors.js';

const MOST_CLIENTS = 10_000;
const BURST_SECONDS = 2;

/**
 * @param {object} options
 * @param {number} options.rate Requests a second; 0 is no limit.
 * @param {() => number} [options.now] Monotonic milliseconds.
 * @returns {(client: string) => void} Counts a request; throws a `ServiceError` 429 when it is one too many.
 */
export function createRateLimit({ rate, now = () => performance.now() }) {
  const size = Math.max(1, rate * BURST_SECONDS);
  const buckets = new Map(); // client -> {tokens, at}; least recently used first

  return function count(client) {
    if (!rate) return;
    const time = now();
    const { tokens, at } = buckets.get(client) ?? { tokens: size, at: time };
    const filled = Math.min(size, tokens + ((time - at) / 1000) * rate);
    buckets.delete(client);
    buckets.set(client, { tokens: filled >= 1 ? filled - 1 : filled, at: time });
    if (buckets.size > MOST_CLIENTS) buckets.delete(buckets.keys().next().value);
    if (filled < 1) throw tooManyRequests(Math.ceil((1 - filled) / rate));
  };
}
