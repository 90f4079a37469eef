/**
 * What each route does, in a few lines: ask the current model, show the rows.
 */

import { modelCard } from '../lib/card.js';
import { shown } from '../lib/catalogue.js';
import { unknownItem } from '../lib/errors.js';
import { defaultStrategy } from '../lib/experiments/defaults.js';
import { experimentCard, experimentsOf } from '../lib/experiments/found.js';
import { backendFigures } from '../lib/graph.js';
import { roundsOf } from '../lib/rounds.js';
import { recommendHandler } from './recommend.js';

/**
 * @param {object} options
 * @param {ReturnType<import('../lib/models.js').createModels>} options.models
 * @param {ReturnType<import('../lib/tables.js').createTables>} options.tables
 * @param {ReturnType<import('../lib/figures.js').createFigures>} options.figures
 * @param {ReturnType<import('../lib/admission.js').createAdmission>} options.admission
 * @param {ReturnType<import('../lib/events/events.js').createEvents>} options.events
 * @param {{project: string, collection: string, code: string}} options.settings
 * @param {{name: string, worker: number, workers?: number}} options.node `workers`: how many the node has.
 * @param {(request: object) => boolean} options.isReader Whether the client is logged in to the database.
 */
export function createHandlers(options) {
  const { models, tables, figures, admission, events, settings, node, isReader } = options;
  // Public: what a deploy compares to know that every worker runs the same code.
  const who = {
    project: settings.project,
    component: settings.code,
    worker: node.worker,
    workers: node.workers,
    since: figures.since,
  };
  const named = (request) => (isReader(request) ? { ...who, node: node.name } : who);

  return {
    recommend: recommendHandler(options),

    /** GET the collection. */
    async search(request) {
      const { q, limit } = request.query;
      const compute = admission.admit(request);
      return models.use(async ({ model, catalogue, show }) => {
        const held = await catalogue.get();
        const found = await compute(() => held.find(q, limit));
        const ids = found.map((index) => model.idOf(index));
        return { [settings.collection]: await show(ids) };
      });
    },

    /** GET one item. */
    item: ({ params: { id } }) =>
      models.use(async ({ model }) => {
        const index = model.workOf(id);
        const known = index !== undefined;
        // Editions have no rows of their own: theirs is the work's.
        const own = known ? model.idOf(index) : id;
        const row = await tables.item(own);
        if (!row && !known) throw unknownItem(model.manifest.labels?.item ?? 'item', id);
        return { ...row, ...shown(own, row, model.manifest.fields), known };
      }),

    model: modelHandler(options),

    /** GET health. */
    async health(request, reply) {
      const { model: live, degraded, why, ...more } = models.state();
      const now = { ...named(request), ...given(more), events: events.state() };
      reply.header('cache-control', 'no-store');
      const answers = live && facts(live, models.defaults());
      if (live && degraded) return { status: 'degraded', reason: degraded, ...answers, ...now };
      if (live) return { status: 'ok', ...answers, ...now };
      reply.code(503).header('retry-after', '1');
      return { status: 'no model', model: null, ...now, ...none(why) };
    },

    /** GET stats. */
    async stats(request, reply) {
      const { model: live } = models.state();
      const stored = await tables.versions();
      const versions = stored.map((one) => ({ ...one, current: one.version === live?.version }));
      reply.header('cache-control', 'no-store');
      const { version: model = null, model: { size: items = null } = {} } = live ?? {};
      const runtime = isReader(request) ? { runtime: runtimeFigures() } : {};
      return { ...named(request), ...figures.read(), model, items, versions, ...runtime };
    },
  };
}

/** GET model. */
const modelHandler = ({ models, tables, events, isReader }) =>
  async function describeModel(request) {
    const mayRead = isReader(request);
    const card = await models.use(({ model }, pointer) => modelCard(model.manifest, pointer));
    // A model can be described without its history.
    const [round, found] = await Promise.all(
      [tables.rounds(), tables.experiments()].map((row) => row.catch(() => undefined)),
    );
    const more = {
      rounds: roundsOf(round, { isReader: mayRead }),
      experiment: experimentCard(models.experiment.described),
      experiments: experimentsOf(found),
    };
    const described = { ...card, events: events.policy(), ...given(more) };
    return mayRead ? described : withoutDeployer(described);
  };

const withoutDeployer = ({ current: { at }, ...card }) => ({ ...card, current: { at } });

const runtimeFigures = () => ({
  ...backendFigures(),
  rss: process.memoryUsage.rss(),
  node: process.version,
});

const facts = ({ model, catalogue }, defaults) => ({
  model: model.version,
  items: model.size,
  strategy: defaultStrategy(model.manifest, defaults),
  search: catalogue.state(),
  backend: backendFigures().backend,
});

// What there is nothing to say of is left out.
const given = (object) =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

const none = (message) => ({ statusCode: 503, code: 'no_model', message, reason: message });
