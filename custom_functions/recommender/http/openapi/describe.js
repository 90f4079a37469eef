/** `GET openapi.json`: the description, for the model that answers now. */

import { boundsOf } from '../../lib/bounds.js';
import { modelCard } from '../../lib/card.js';
import { openApiDocument } from './document.js';
import { PLACEHOLDER, examplesOf } from './examples.js';

const EXAMPLES = 3;

/**
 * @param {object} options
 * @param {ReturnType<import('../../lib/models.js').createModels>} options.models
 * @param {ReturnType<import('../../lib/events/events.js').createEvents>} options.events
 * @param {{project: string, collection: string, code: string, events?: object}} options.settings
 * @param {{warn: Function}} options.log
 * @returns {(routes: object[]) => Promise<object>} The description of these routes.
 */
export function createDescription({ models, events, settings, log }) {
  let kept; // {key, document}: of the model that answered last

  async function liveFacts() {
    const live = models.state().model;
    if (!live) return undefined;
    try {
      return await models.use(({ model, show }, pointer) =>
        factsOf(model, show, pointer, events.policy()),
      );
    } catch (error) {
      log.warn('the items for the examples of openapi.json cannot be read', error);
      return undefined;
    }
  }

  return async function describe(routes) {
    const version = models.state().model?.version;
    if (kept && kept.version === version) return kept.document;
    const facts = await liveFacts();
    const document = openApiDocument({
      settings,
      routes,
      model: facts?.model ?? { bounds: boundsOf(undefined) },
      examples: examplesOf({ settings, ...PLACEHOLDER, ...facts?.shown }),
    });
    if (facts) kept = { version: facts.version, document };
    return document;
  };
}

async function factsOf(model, show, pointer, events) {
  const { manifest } = model;
  const count = Math.min(EXAMPLES, model.size);
  const ids = Array.from({ length: count }, (_, index) => model.idOf(index));
  const { current, ...card } = modelCard(manifest, pointer);
  return {
    version: model.version,
    model: { bounds: boundsOf(manifest), strategies: card.strategies.map(({ name }) => name) },
    shown: { card: { ...card, current: { at: current.at }, events }, items: await show(ids) },
  };
}
