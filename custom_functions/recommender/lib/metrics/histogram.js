/**
 * A histogram of times as Prometheus wants it.
 */

import { LATENCY_BOUNDS } from '../figures.js';

/**
 * @param {string} name The metric's.
 * @param {Record<string, string>} labels
 * @param {{within: number[], milliseconds: number, count: number}} times `within`: how many by the first of
 *   `LATENCY_BOUNDS` that they stayed within.
 * @returns {{labels: object, value: number, metricName: string}[]} Its samples, in seconds.
 */
export function histogram(name, labels, { within, milliseconds, count }) {
  let below = 0;
  const bucket = (bound, value) => ({
    metricName: `${name}_bucket`,
    labels: { ...labels, le: String(bound) },
    value,
  });
  return [
    ...LATENCY_BOUNDS.map((bound, i) => bucket(bound, (below += within[i]))),
    bucket('+Inf', count),
    { metricName: `${name}_sum`, labels, value: milliseconds / 1000 },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
