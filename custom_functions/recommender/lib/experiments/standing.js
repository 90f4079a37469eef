/**
 * Whether a worker can carry out an experiment, and if not, why. See docs/experiments.md.
 */

/**
 * @param {import('./row.js').ExperimentRow} row
 * @param {object} worker
 * @param {import('../held_model.js').Held} [worker.held] The challenger's model, if it is loaded.
 * @param {(string | undefined)[]} worker.versions The current one, and the one that answers.
 * @param {{reason: string, retrying: boolean}} [worker.refused] Why the challenger was not loaded.
 * @param {boolean} worker.hasFailed Whether the challenger failed too often.
 * @returns {{state: 'loading' | 'ready' | 'refused' | 'suspended', reason?: string}}
 */
export function standingOf(row, { held, versions, refused, hasFailed }) {
  if (row.problem) return suspended(row.problem);
  if (!held) return unloaded(refused);
  const { champion, challenger } = row.experiment;
  const unknown = unknownStrategy(held.model, challenger);
  if (unknown) return { state: 'refused', reason: unknown };
  if (versions.some((version) => version !== champion.version)) {
    return suspended(`The current model is not ${champion.version}.`);
  }
  return hasFailed ? suspended('The challenger failed too often; the log says why.') : READY;
}

const READY = { state: 'ready' };
const suspended = (reason) => ({ state: 'suspended', reason });

function unloaded(refused) {
  if (!refused) return { state: 'loading' };
  return { state: refused.retrying ? 'loading' : 'refused', reason: refused.reason };
}

function unknownStrategy({ version, model }, { strategy }) {
  if (strategy === null || model.strategy(strategy)) return undefined;
  return `Model ${version} has no strategy "${strategy}"; it has ${model.strategies.join(', ')}.`;
}
