/**
 * `POST recommend`: the current model answers, or, for some sessions of an experiment, its challenger.
 */

import { answerAssigned } from '../lib/experiments/answering.js';
import { withDefaults } from '../lib/experiments/defaults.js';
import { recommend } from '../lib/recommend.js';
import { recordedSession, signed } from './events.js';

/**
 * @param {object} options
 * @param {ReturnType<import('../lib/models.js').createModels>} options.models
 * @param {ReturnType<import('../lib/admission.js').createAdmission>} options.admission
 * @param {ReturnType<import('../lib/events/events.js').createEvents>} options.events
 * @returns {Function} Handler of POST recommend.
 */
export const recommendHandler = ({ models, admission, events }) =>
  async function recommendItems(request) {
    const began = performance.now();
    const compute = admission.admit(request);
    const session = recordedSession(events, request);
    const ask = asker(compute, session);
    let participation;
    const answered = await models.useFor(session, (opened, pointer, assigned) => {
      const champion = (exploring) => ask(opened, asAsked(request, opened, pointer), exploring);
      if (!assigned) return champion(true);
      participation = assigned;
      const { experiment } = models;
      return answerAssigned(assigned, { request: request.body, champion, ask, experiment });
    });
    const { propensity, text, variant, ...shown } = answered;
    const proof = signed(events, session, { ...shown, propensity, variant: text });
    if (variant === undefined || proof.answer === undefined) return { ...shown, ...proof };
    models.experiment.answered(participation, performance.now() - began);
    return { ...shown, variant, ...proof };
  };

/** Nothing can be learned from a place that was explored without being recorded. */
function asker(compute, session) {
  const random = session === undefined ? undefined : Math.random;
  return (opened, asked, exploring) =>
    recommendFrom(opened, asked, compute, exploring ? random : undefined);
}

function asAsked({ body }, { version, model }, pointer) {
  const defaults = pointer?.version === version ? pointer.defaults : undefined;
  return withDefaults(body, model.manifest, defaults);
}

async function recommendFrom({ model, catalogue, show }, asked, compute, random) {
  const creators = asked.diversity > 0 ? await catalogue.get() : undefined;
  const creatorOf = (index) => creators.creatorOf(index);
  const answer = await compute(() => recommend(model, asked, creatorOf, random));
  const rows = await show(answer.recommendations.map(({ id }) => id));
  const recommendations = answer.recommendations.map((one, i) => ({ ...rows[i], ...one }));
  return { model: model.version, ...answer, recommendations };
}
