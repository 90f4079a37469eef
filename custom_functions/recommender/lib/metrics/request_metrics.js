/**
 * What a worker counted, as Prometheus wants it: requests by route and status, latencies, errors, events.
 */

import { EVENT_OUTCOMES } from '../figures.js';
import { histogram } from './histogram.js';

const DURATION = 'recommender_http_request_duration_seconds';

/**
 * @param {ReturnType<ReturnType<import('../figures.js').createFigures>['counts']>} counts
 * @returns {Metric[]} `metricName`: where a sample's name is not the metric's, as in a histogram.
 *
 * @typedef {{name: string, help: string, type: 'counter' | 'gauge' | 'histogram',
 *   values: {labels: Record<string, string>, value: number, metricName?: string}[]}} Metric
 */
export const requestMetrics = ({ routes, errors, events }) => [
  {
    name: 'recommender_http_requests_total',
    help: 'Requests answered, by route and HTTP status.',
    type: 'counter',
    values: [...routes].flatMap(([route, { statuses }]) =>
      [...statuses].map(([status, value]) => ({
        labels: { route, status: String(status) },
        value,
      })),
    ),
  },
  {
    name: DURATION,
    help: 'Time from the first line of a request to the end of its answer, by route.',
    type: 'histogram',
    values: [...routes].flatMap(([route, { statuses, ...times }]) =>
      histogram(DURATION, { route }, { ...times, count: sum(statuses) }),
    ),
  },
  {
    name: 'recommender_http_errors_total',
    help: 'Errors answered, by the code in the answer. overloaded and too_many_requests are load shed.',
    type: 'counter',
    values: [...errors].map(([code, value]) => ({ labels: { code }, value })),
  },
  {
    name: 'recommender_events_total',
    help: 'Events of batches that were taken, by what became of each.',
    type: 'counter',
    values: EVENT_OUTCOMES.map((outcome) => ({ labels: { outcome }, value: events.get(outcome) })),
  },
];

const sum = (statuses) => [...statuses.values()].reduce((all, requests) => all + requests, 0);
