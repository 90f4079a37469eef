/**
 * `GET metrics`: text for Prometheus, of all workers of the node.
 */

import { METRICS_TYPE } from '../lib/metrics/metrics.js';

const text = { type: 'string' };
const error = {
  type: 'object',
  required: ['statusCode', 'code', 'message'],
  properties: { statusCode: { type: 'integer' }, code: text, message: text },
};

/** GET metrics. `produces` is for the API's description: the answer is no JSON. */
export const metricsSchema = {
  summary: 'Answers the figures of all workers of the node in the text format of Prometheus',
  produces: ['text/plain'],
  querystring: { type: 'object', properties: {}, additionalProperties: false },
  response: { 200: text, '4xx': error, '5xx': error },
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
