/**
 * How much may be recorded: a bucket a session, a client and a node, each of which holds one minute's events and
 * refills steadily. Kept in memory, by each worker for itself.
 */

const MINUTE = 60_000;
const MOST_BUCKETS = 20_000; // of sessions, and as many of clients

/**
 * @param {{session_per_minute: number, client_per_minute: number, node_per_minute: number}} limits
 * @param {object} [options]
 * @param {number} [options.workers] Of this node; its limit is divided by them.
 * @param {() => number} [options.now] Monotonic milliseconds.
 */
export function createLimits(limits, { workers = 1, now = () => performance.now() } = {}) {
  const session = createBuckets(limits.session_per_minute, now);
  const client = createBuckets(limits.client_per_minute, now);
  const node = createBuckets(Math.max(1, limits.node_per_minute / workers), now);

  return {
    /**
     * Takes room for so many events from all three, or from none.
     *
     * @param {{session: string, client: string}} who
     * @param {number} events
     * @returns {number} 0, or the seconds after which there will be room.
     */
    take(who, events) {
      const asked = [
        [session, who.session],
        [client, who.client],
        [node, ''],
      ];
      const wait = Math.max(...asked.map(([buckets, key]) => buckets.wait(key, events)));
      if (wait > 0) return Math.ceil(wait / 1000);
      for (const [buckets, key] of asked) buckets.take(key, events);
      return 0;
    },
  };
}

function createBuckets(perMinute, now) {
  const buckets = new Map(); // by key, the least recently used first

  function levelOf(key) {
    const bucket = buckets.get(key);
    if (!bucket) return perMinute;
    return Math.min(perMinute, bucket.level + ((now() - bucket.at) / MINUTE) * perMinute);
  }

  return {
    // More events than a bucket can hold wait for a full one.
    wait(key, events) {
      const missing = Math.min(events, perMinute) - levelOf(key);
      return missing > 1e-9 ? Math.max(1, (missing / perMinute) * MINUTE) : 0;
    },

    take(key, events) {
      const level = levelOf(key) - events;
      buckets.delete(key);
      buckets.set(key, { level, at: now() });
      // The one that goes has had the longest time to refill.
      if (buckets.size > MOST_BUCKETS) buckets.delete(buckets.keys().next().value);
    },
  };
}
