/**
 * The figures of all workers of a node in Prometheus' text format.
 */

import { AggregatorRegistry, Registry } from 'prom-client';
import { createExchange } from './exchange.js';
import { experimentMetrics } from './experiment_metrics.js';
import { requestMetrics } from './request_metrics.js';
import { stateMetrics } from './state_metrics.js';

/** Of the text that `read` answers. */
export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/**
 * @param {object} parts What `stateMetrics` reads, and:
 * @param {{project: string}} parts.settings
 * @param {{worker: number, workers?: number}} parts.node
 */
export function createMetrics(parts) {
  const { figures, models, settings, node } = parts;
  const exchange = createExchange({
    name: `harperdb-recommender metrics: ${settings.project}`,
    node,
    read: () => [
      ...requestMetrics(figures.counts()),
      ...experimentMetrics(models.experiment),
      ...stateMetrics(parts),
    ],
  });

  return {
    /** @returns {Promise<string>} Every worker's figures, each under its number. */
    async read() {
      const reports = await exchange.gather();
      const workers = reports.map(({ worker, report }) =>
        labelled(report, { project: settings.project, worker: String(worker) }),
      );
      const whole = labelled(nodeMetrics(node, reports.length), { project: settings.project });
      return AggregatorRegistry.aggregate([...workers, whole]).metrics();
    },

    close: exchange.close,
  };
}

const labelled = (metrics, labels) =>
  metrics.map(({ values, ...metric }) => ({
    ...metric,
    aggregator: 'sum',
    values: values.map((value) => ({ ...value, labels: { ...labels, ...value.labels } })),
  }));

/** What the workers have in common. */
function nodeMetrics({ workers }, reporting) {
  const { user, system } = process.cpuUsage();
  const started = Date.now() / 1000 - process.uptime();
  return [
    one('recommender_workers', 'gauge', 'Workers of the node.', workers ?? reporting),
    one('recommender_workers_reporting', 'gauge', 'Workers in this scrape.', reporting),
    one(
      'process_resident_memory_bytes',
      'gauge',
      'Resident memory of the node’s process.',
      process.memoryUsage.rss(),
    ),
    one(
      'process_cpu_seconds_total',
      'counter',
      'CPU time of the node’s process.',
      (user + system) / 1e6,
    ),
    one(
      'process_start_time_seconds',
      'gauge',
      'When the node’s process started.',
      Math.round(started),
    ),
  ];
}

const one = (name, type, help, value) => ({ name, type, help, values: [{ labels: {}, value }] });
