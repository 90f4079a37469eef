/**
 * `GET metrics`: text for Prometheus, of all workers of the node.
 */

import { METRICS_TYPE } from '../lib/metrics/metrics.js';
import { errorAnswers } from './error_answers.js';

/** GET metrics. */
export const metricsSchema = {
  summary: 'Reports the figures of all workers of the node to Prometheus',
  querystring: { type: 'object', properties: {}, additionalProperties: false },
  response: {
    200: {
      description: 'Figures in the text format of Prometheus.',
      content: { 'text/plain': { schema: { type: 'string' } } },
    },
    ...errorAnswers(),
  },
};

/**
 * @param {ReturnType<import('../lib/metrics/metrics.js').createMetrics>} metrics
 * @returns {Function} Handler of GET metrics.
 */
export const metricsHandler = (metrics) =>
  async function answerMetrics(_, reply) {
    const figures = await metrics.read();
    reply.header('cache-control', 'no-store').header('content-type', METRICS_TYPE);
    return figures;
  };
