/**
 * Answers a session as its variant of an experiment says. Where the challenger cannot answer, the champion does, and
 * the answer names no variant: it is as if there were no experiment.
 */

import { boundsOf } from '../bounds.js';
import { withDefaults } from './defaults.js';
import { coinsOf, draft } from './draft.js';
import { variantText } from './variants.js';

/**
 * @param {import('./experiment.js').Assigned & {challenger: import('../models.js').Opened}} assigned
 * @param {object} options
 * @param {object} options.request What was asked, with `session`.
 * @param {(exploring: boolean) => Promise<object>} options.champion Answers as without an experiment.
 * @param {(opened: object, request: object, exploring: boolean) => Promise<object>} options.ask
 * @param {import('./experiment.js').ExperimentPart} options.experiment
 * @returns {Promise<object & {variant?: string, text?: string}>} The answer, with `variant` for the client and `text`
 *   for the signed answer; without them where the challenger was to answer and did not.
 */
export async function answerAssigned(assigned, options) {
  const { variant } = assigned;
  if (variant === 'challenger') {
    const answer = await challengerAnswer(assigned, options, true);
    return answer ? named(assigned, answer) : options.champion(true);
  }
  const own = await championAnswer(assigned, options);
  if (variant === 'champion') return named(assigned, own);
  const other = await challengerAnswer(assigned, options, false);
  return other ? interleaved(assigned, options.request, own, other) : own;
}

async function championAnswer(assigned, { champion, experiment }) {
  const isAlone = assigned.variant === 'champion';
  try {
    return await champion(isAlone);
  } catch (error) {
    const isMistake = error.statusCode < 500;
    if (!isMistake && !isShed(error))
      experiment.failed({ ...assigned, variant: 'champion' }, error);
    throw error;
  }
}

async function challengerAnswer(assigned, { request, ask, experiment }, exploring) {
  const { challenger } = assigned;
  const { manifest } = challenger.model;
  const wanted = withDefaults(request, manifest, assigned.experiment.challenger);
  if (!canAnswer(challenger.model, wanted)) return undefined;
  try {
    const answer = await ask(challenger, wanted, exploring);
    experiment.succeeded(assigned);
    return answer;
  } catch (error) {
    if (isShed(error)) throw error;
    experiment.failed(assigned, error);
    return undefined;
  }
}

/** Requests are checked against the champion's bounds and strategies. */
function canAnswer(model, { strategy, favourites, exclude, limit }) {
  const most = boundsOf(model.manifest);
  const fits =
    favourites.length <= most.favourites && exclude.length <= most.exclude && limit <= most.limit;
  return fits && model.strategy(strategy) !== undefined;
}

function interleaved(assigned, request, own, other) {
  const { salt } = assigned.experiment;
  const { session, favourites, limit } = request;
  const { items, teams } = draft(
    { champion: own.recommendations, challenger: other.recommendations },
    { limit, keyOf: ({ id }) => id, coin: coinsOf(salt, session, favourites) },
  );
  return named(assigned, { ...own, recommendations: items }, teams);
}

function named({ experiment, variant }, answer, teams) {
  return { ...answer, variant, text: variantText(experiment.id, variant, teams) };
}

/** Load that is shed is nobody’s failure: the request is refused, whichever model was to answer. */
const isShed = ({ code }) => code === 'overloaded';
