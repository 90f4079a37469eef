/**
 * Public figures of this worker since it started: how much was asked, how often it went wrong, how long it took.
 */

import { createHistogram } from 'node:perf_hooks';

/**
 * @param {() => number} [now] Monotonic milliseconds.
 */
export function createFigures(now = () => performance.now()) {
  const started = now();
  const routes = new Map();

  return {
    /** When this worker started, ISO 8601. */
    since: new Date().toISOString(),

    /**
     * @param {string} route
     * @param {number} status HTTP status of the answer.
     * @param {number} milliseconds
     */
    record(route, status, milliseconds) {
      if (!routes.has(route)) routes.set(route, newRoute());
      const one = routes.get(route);
      one.requests++;
      // Deliberate, and said with when to try again: no model yet, or too much to do.
      if (status === 503) one.unavailable++;
      else if (status >= 500) one.failed++;
      else if (status >= 400) one.refused++;
      // The histogram holds whole numbers from 1: microseconds.
      one.times.record(Math.max(1, Math.round(milliseconds * 1000)));
    },

    /** @returns {{uptime: number, routes: Record<string, object>}} Seconds; milliseconds. */
    read() {
      const read = [...routes].map(([name, one]) => [name, readRoute(one)]);
      return { uptime: Math.round((now() - started) / 1000), routes: Object.fromEntries(read) };
    },
  };
}

const newRoute = () => ({
  requests: 0,
  refused: 0,
  failed: 0,
  unavailable: 0,
  times: createHistogram(),
});

const readRoute = ({ requests, refused, failed, unavailable, times }) => ({
  requests,
  refused,
  failed,
  unavailable,
  p50: times.percentile(50) / 1000,
  p99: times.percentile(99) / 1000,
});
