/**
 * What `GET …/health` says of the models: which one answers, and what is wrong.
 */

/**
 * @param {object} parts
 * @param {ReturnType<import('./pointers.js').createPointers>} parts.pointers
 * @param {ReturnType<import('./live_model.js').createLiveModel>} parts.live
 * @param {ReturnType<import('./kept_models.js').createKeptModels>} parts.kept
 * @param {ReturnType<import('./loading.js').createLoading>} parts.loading
 * @returns {{model?: object, degraded?: string, loading?: string, refused?: object, candidate?: object,
 *   why?: string}} `degraded`: why another model than the current one answers; `why`: why none does.
 */
export function modelState({ pointers, live, kept, loading }) {
  return {
    model: live.model,
    degraded: live.model && whyDegraded(pointers, live.model, loading),
    loading: loading.underWay?.version,
    refused: loading.refusals.current.of(pointers.current),
    candidate: candidateState(pointers.candidate, { live, kept, loading }),
    why: live.model ? undefined : whyNone(pointers, loading),
  };
}

/** @returns {string} Why no model answers, fit for strangers. */
export function whyNone({ unreadable, current }, loading) {
  if (unreadable) return 'The database does not answer.';
  if (!current) return 'No model has been deployed yet.';
  return whyRefused(current, loading) ?? `Model ${current.version} is being loaded.`;
}

function whyDegraded({ unreadable, current }, model, loading) {
  if (unreadable) return 'The database does not answer.';
  if (!current) return 'The row of current is missing.';
  return whyRefused(current, loading);
}

function whyRefused(current, loading) {
  const refused = loading.refusals.current.of(current);
  return refused && (current.problem ?? `Model ${refused.version} was refused: ${refused.reason}`);
}

function candidateState(row, { live, kept, loading }) {
  if (!row) return undefined;
  const { version, at } = row;
  // `at` says which row this is about: a deploy may have written another one just now.
  const named = { version, ...(at && { at }) };
  const isHeld = live.model?.version === version || kept.get(version) !== undefined;
  if (!row.problem && isHeld) return { ...named, state: 'ready' };
  const refused = loading.refusals.candidate.of(row);
  const state = refused && !refused.retrying ? 'refused' : 'loading';
  return { ...named, state, ...(refused && { reason: refused.reason }) };
}
