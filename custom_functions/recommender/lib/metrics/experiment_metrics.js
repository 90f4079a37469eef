/**
 * What a worker says of the present experiment, as Prometheus wants it.
 */

import { histogram } from './histogram.js';

const DURATION = 'recommender_experiment_duration_seconds';

/**
 * @param {import('../experiments/experiment.js').ExperimentPart} experiment
 * @returns {import('./request_metrics.js').Metric[]} Without an experiment the metrics have no samples.
 */
export function experimentMetrics(experiment) {
  const { described } = experiment;
  const standing = experiment.state();
  const counted = [...(experiment.counts() ?? [])].map(([variant, figures]) => ({
    labels: { experiment: described.id, variant },
    ...figures,
  }));
  return [
    {
      name: 'recommender_experiment_info',
      help: 'The experiment that runs on the worker; always 1.',
      type: 'gauge',
      values: experiment.isRunning() ? [{ labels: labelsOf(described), value: 1 }] : [],
    },
    {
      name: 'recommender_experiment_suspended',
      help: 'Whether the worker cannot carry out the experiment: 1 or 0.',
      type: 'gauge',
      values: standing
        ? [{ labels: { experiment: standing.id ?? '' }, value: Number(isStuck(standing)) }]
        : [],
    },
    counter('answers', 'Signed answers, by variant.', counted, ({ answers }) => answers),
    counter('failures', 'Computations that failed.', counted, ({ failures }) => failures),
    {
      name: DURATION,
      help: 'Time of a signed answer, by variant.',
      type: 'histogram',
      values: counted.flatMap(({ labels, answers, ...times }) =>
        histogram(DURATION, labels, { ...times, count: answers }),
      ),
    },
  ];
}

const counter = (name, help, counted, of) => ({
  name: `recommender_experiment_${name}_total`,
  help,
  type: 'counter',
  values: counted.map(({ labels, ...figures }) => ({ labels, value: of(figures) })),
});

const labelsOf = ({ id, mode, champion, challenger }) => ({
  experiment: id,
  mode,
  champion: champion.version,
  challenger: challenger.version,
});

const isStuck = ({ state }) => state === 'suspended' || state === 'refused';
