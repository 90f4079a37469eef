/**
 * The experiment that the row describes, as far as this worker can carry it out. See docs/experiments.md.
 */

import { variantOf } from './assignment.js';
import { createFailures } from './failures.js';
import { createExperimentFigures } from './figures.js';
import { standingOf } from './standing.js';

/** After so many failures in a row a challenger answers nobody until the row changes. */
export const MOST_FAILURES = 5;

/**
 * @param {object} options
 * @param {ReturnType<import('../pointers.js').createPointers>} options.pointers
 * @param {ReturnType<import('../live_model.js').createLiveModel>} options.live
 * @param {ReturnType<import('../kept_models.js').createKeptModels>} options.kept
 * @param {ReturnType<import('../loading.js').createLoading>} options.loading
 * @param {{error: Function}} options.log
 *
 * @typedef {{id: string | null, at: string | null, state: 'loading' | 'ready' | 'refused' | 'suspended',
 *   reason?: string}} Standing
 * @typedef {{experiment: import('./row.js').Experiment, variant: 'champion' | 'challenger' | 'interleaved',
 *   challenger: import('../held_model.js').Held}} Assigned
 * @typedef {ReturnType<typeof createExperiment>} ExperimentPart
 */
export function createExperiment({ pointers, live, kept, loading, log }) {
  const figures = createExperimentFigures();
  const failures = createFailures(MOST_FAILURES);
  const challengerOf = ({ version }) =>
    live.model?.version === version ? live.held : kept.get(version);
  const standing = (row) =>
    standingOf(row, {
      held: challengerOf(row),
      versions: [pointers.current, live.model].map((one) => one?.version),
      refused: loading.refusals.challenger.of(row),
      hasFailed: failures.areEnough(row),
    });

  // A request may end when its experiment has ended, or the next one has begun.
  const isPresent = (id) => pointers.experiment?.experiment?.id === id;
  const isRunning = (row) =>
    row?.experiment?.state === 'running' && standing(row).state === 'ready';

  return {
    /** @returns {import('./row.js').Experiment | undefined} The one that the row describes. */
    get described() {
      return pointers.experiment?.experiment;
    },

    /** @returns {Standing | undefined} For health; nothing while there is no row. */
    state() {
      const row = pointers.experiment;
      if (!row) return undefined;
      return { id: row.experiment?.id ?? null, at: row.at ?? null, ...standing(row) };
    },

    /** @returns {boolean} Whether this worker answers as its variants say. */
    isRunning: () => isRunning(pointers.experiment),

    /**
     * @param {string} session One that is recorded.
     * @returns {Assigned | undefined} Nothing unless an experiment runs here. Its challenger is to be used at once.
     */
    assign(session) {
      const row = pointers.experiment;
      if (!isRunning(row)) return undefined;
      const { experiment } = row;
      const variant = variantOf(experiment, session);
      return { experiment, variant, challenger: challengerOf(row) };
    },

    /**
     * @param {Assigned} assigned
     * @param {number} milliseconds How long the signed answer took.
     */
    answered({ experiment: { id }, variant }, milliseconds) {
      if (isPresent(id)) figures.answered(id, variant, milliseconds);
    },

    /** @param {Assigned} assigned Its challenger has answered. */
    succeeded({ experiment: { id } }) {
      if (isPresent(id)) failures.end();
    },

    /**
     * @param {Assigned} assigned
     * @param {Error} error Why a computation failed; of a variant other than the champion, the challenger's.
     */
    failed({ experiment: { id }, variant }, error) {
      if (!isPresent(id)) return;
      figures.failed(id, variant);
      if (variant === 'champion') return;
      if (failures.add(pointers.experiment)) {
        log.error(`experiment ${id} is suspended: its challenger fails`, error);
      }
    },

    /** @returns {ReturnType<typeof figures.of> | undefined} What was counted of the present one. */
    counts() {
      const { experiment } = pointers.experiment ?? {};
      return experiment && figures.of(experiment.id);
    },
  };
}
