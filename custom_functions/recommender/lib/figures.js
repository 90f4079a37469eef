/**
 * What this worker counted since it started: the one source of `/stats` and of `/metrics`.
 */

import { createHistogram } from 'node:perf_hooks';

/** Upper bounds of the latency histogram of `/metrics`, in seconds. */
export const LATENCY_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Codes of errors that are counted from 0: an alert about them must see the first one. */
const ALERTING = [
  'internal',
  'overloaded',
  'too_many_requests',
  'no_model',
  'too_many_events',
  'events_full',
  'events_unavailable',
];

/** What became of the events of a batch that was taken. */
export const EVENT_OUTCOMES = ['accepted', 'duplicate', 'refused'];

/**
 * @param {() => number} [now] Monotonic milliseconds.
 */
export function createFigures(now = () => performance.now()) {
  const started = now();
  const routes = new Map();
  const errors = new Map(ALERTING.map((code) => [code, 0])); // error code -> answers
  const events = new Map(EVENT_OUTCOMES.map((outcome) => [outcome, 0]));

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
      add(one.statuses, status, 1);
      const bound = LATENCY_BOUNDS.findIndex((seconds) => milliseconds <= seconds * 1000);
      if (bound >= 0) one.within[bound]++;
      one.milliseconds += milliseconds;
      // The histogram holds whole numbers from 1: microseconds.
      one.times.record(Math.max(1, Math.round(milliseconds * 1000)));
    },

    /** @param {string} code One of docs/api.md, of an error that was answered. */
    countError(code) {
      add(errors, code, 1);
    },

    /** @param {{accepted: number, duplicates: number, refused: object[]}} result Of a batch of events. */
    countEvents({ accepted, duplicates, refused }) {
      add(events, 'accepted', accepted);
      add(events, 'duplicate', duplicates);
      add(events, 'refused', refused.length);
    },

    /** @returns {{uptime: number, routes: Record<string, object>}} Seconds; milliseconds. */
    read() {
      const read = [...routes].map(([name, one]) => [name, readRoute(one)]);
      return { uptime: Math.round((now() - started) / 1000), routes: Object.fromEntries(read) };
    },

    /**
     * @returns {{routes: Map<string, {statuses: Map<number, number>, within: number[], milliseconds: number}>,
     *   errors: Map<string, number>, events: Map<string, number>}} `within`: requests by the first of
     *   `LATENCY_BOUNDS` that they stayed within; slower ones are in none.
     */
    counts: () => ({ routes, errors, events }),
  };
}

const add = (counts, key, count) => counts.set(key, (counts.get(key) ?? 0) + count);

const newRoute = () => ({
  statuses: new Map(),
  within: LATENCY_BOUNDS.map(() => 0),
  milliseconds: 0,
  times: createHistogram(),
});

function readRoute({ statuses, times }) {
  const count = (counts) =>
    [...statuses].reduce((sum, [status, requests]) => sum + (counts(status) ? requests : 0), 0);
  return {
    requests: count(() => true),
    refused: count((status) => status >= 400 && status < 500),
    // Deliberate, and answered with when to try again: no model yet, or too much to do.
    unavailable: count((status) => status === 503),
    failed: count((status) => status >= 500 && status !== 503),
    p50: times.percentile(50) / 1000,
    p99: times.percentile(99) / 1000,
  };
}
