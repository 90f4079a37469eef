/**
 * What a worker is doing at the moment, as Prometheus wants it: its model, what waits, what it holds in memory.
 * Times are stamps and not ages, so that a scrape that fails does not make a model look young.
 */

import { performance } from 'node:perf_hooks';
import { defaultStrategy } from '../experiments/defaults.js';

/**
 * @param {object} parts
 * @param {ReturnType<import('../models.js').createModels>} parts.models
 * @param {ReturnType<import('../figures.js').createFigures>} parts.figures
 * @param {ReturnType<import('../admission.js').createAdmission>} parts.admission
 * @param {ReturnType<import('../events/events.js').createEvents>} parts.events
 * @param {{code: string}} parts.settings
 * @param {() => {tensors: number, bytes: number}} parts.tensorFigures
 * @returns {import('./request_metrics.js').Metric[]}
 */
export function stateMetrics({ models, figures, admission, events, settings, tensorFigures }) {
  return [
    ...workerMetrics(figures, settings),
    ...modelMetrics(models),
    ...loadMetrics(admission.load()),
    ...eventMetrics(events.state()),
    ...memoryMetrics(tensorFigures()),
  ];
}

const workerMetrics = (figures, { code }) => [
  gauge('worker_start_timestamp_seconds', 'When the worker started.', seconds(figures.since)),
  gauge('component_info', 'The code that the worker runs; always 1.', 1, { component: code }),
];

function modelMetrics(models) {
  const { model: live, degraded, refused, candidate } = models.state();
  const { created } = live?.model.manifest ?? {};
  return [
    gauge('model_loaded', 'Whether a model answers: 1 or 0.', Number(Boolean(live))),
    gauge(
      'model_degraded',
      'Whether an older model answers in place of the current one: 1 or 0.',
      Number(Boolean(degraded)),
    ),
    gauge(
      'model_refused',
      'Whether the current model was refused and does not answer: 1 or 0.',
      Number(Boolean(refused)),
    ),
    gauge(
      'model_candidate',
      'Whether a deploy has a candidate under test: 1 or 0.',
      Number(Boolean(candidate)),
    ),
    gauge('model_info', 'The model that answers; always 1.', live && 1, {
      version: live?.version,
      strategy: live && defaultStrategy(live.model.manifest, models.defaults()),
    }),
    gauge('model_items', 'Items that the model knows.', live?.model.size),
    gauge(
      'model_created_timestamp_seconds',
      'When the model that answers was made.',
      seconds(created),
    ),
    gauge(
      'model_current_timestamp_seconds',
      'When the current model was made current.',
      seconds(models.pointer()?.at),
    ),
  ];
}

const loadMetrics = ({ waiting, limit }) => [
  gauge('computations_waiting', 'Computations that wait for the worker’s thread.', waiting),
  gauge('computations_waiting_limit', 'How many may wait; beyond it requests get 503.', limit),
  counter(
    'event_loop_active_seconds_total',
    'Time in which the worker’s thread was busy.',
    performance.eventLoopUtilization().active / 1000,
  ),
];

const eventMetrics = ({ enabled, signing, rows, max_rows: limit } = {}) => [
  gauge('events_enabled', 'Whether events are recorded: 1 or 0.', Number(Boolean(enabled))),
  gauge('events_signing', 'Whether answers can be signed: 1 or 0.', enabled && Number(signing)),
  gauge('events_stored', 'Events that this node stores, as last counted.', rows),
  gauge('events_stored_limit', 'How many events this node may store.', limit),
];

function memoryMetrics({ tensors, bytes }) {
  const { heapUsed, external } = process.memoryUsage();
  return [
    gauge('tensors', 'Tensors that the worker holds, those of all recommenders in it.', tensors),
    gauge('tensor_bytes', 'Bytes of these tensors.', bytes),
    gauge('worker_heap_bytes', 'JavaScript heap in use in the worker.', heapUsed),
    gauge('worker_external_bytes', 'Memory of buffers outside the heap of the worker.', external),
  ];
}

/** Where there is no value there is no sample; the metric keeps its description. */
const sample =
  (type) =>
  (name, help, value, labels = {}) => ({
    name: `recommender_${name}`,
    help,
    type,
    values: Number.isFinite(value) ? [{ labels, value }] : [],
  });
const gauge = sample('gauge');
const counter = sample('counter');

const seconds = (time) => Date.parse(time) / 1000;
