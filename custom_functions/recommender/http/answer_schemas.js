/**
 * What routes answer, as JSON Schemas. Fastify serialises with them, and the API's description is made of the same
 * objects: what is required here is always sent. An answer may have more fields than are named.
 */

import { experimentSchema, experimentsSchema } from '../lib/experiments/found.js';
import { roundsSchema } from '../lib/rounds.js';

const text = { type: 'string' };
const number = { type: 'number' };
const integer = { type: 'integer' };
const flag = { type: 'boolean' };
const nullable = (type) => ({ type: [type, 'null'] });
const open = (properties = {}, required = []) => ({
  type: 'object',
  required,
  properties,
  additionalProperties: true,
});
const list = (items) => ({ type: 'array', items });
const about = (schema, description) => ({ ...schema, description });

/** An item with what is shown of it: the fields that `GET model` lists. */
export const item = open({ id: about(text, 'The item’s id.') }, ['id']);

const reason = open(
  {
    id: about(text, 'A favourite.'),
    share: about(number, 'Its part in the recommendation, 0 to 1.'),
  },
  ['id', 'share'],
);

/** An item that is recommended. */
export const recommendation = open(
  {
    ...item.properties,
    score: about(number, 'Comparable within this answer only.'),
    explored: about(flag, 'True: shown to find out whether visitors like it (docs/events.md).'),
    because: about(list(reason), 'With `explain`: the favourites that led here.'),
  },
  ['id', 'score'],
);

/** POST recommend. */
export const recommendations = {
  type: 'object',
  description: 'Distinct items, the best first, and never a favourite.',
  required: ['model', 'strategy', 'unknown', 'recommendations'],
  properties: {
    model: about(text, 'Version of the model that answered.'),
    strategy: about(text, 'The strategy that answered; `popular` if no favourite is known.'),
    unknown: about(list(text), 'Favourites that the model does not know.'),
    recommendations: list(recommendation),
    variant: about(
      { ...text, enum: ['champion', 'challenger', 'interleaved'] },
      'With `session`, while an experiment runs: who answered (docs/experiments.md).',
    ),
    answer: about(text, 'With `session`: a signed token for `POST events`.'),
  },
};

/**
 * GET the collection.
 *
 * @param {string} collection
 * @returns {object}
 */
export const found = (collection) => ({
  type: 'object',
  description: 'The items that were found, the most popular first.',
  required: [collection],
  properties: { [collection]: list(item) },
});

/** GET one item. */
export const knownItem = {
  ...open({ ...item.properties, known: about(flag, 'Whether the current model knows it.') }, [
    'id',
    'known',
  ]),
  description: 'The item’s catalogue row.',
};

const field = open({ name: text, label: text }, ['name']);
const strategy = open(
  {
    name: text,
    title: text,
    description: text,
    explains: about(flag, 'Whether it fills `because`.'),
    varies: about(flag, 'Whether `diversity` has an effect.'),
  },
  ['name', 'title', 'description', 'explains', 'varies'],
);

/** GET model. */
export const card = {
  ...open(
    {
      version: text,
      current: about(
        open({ at: nullable('string'), by: nullable('string') }),
        'When it became current; `by` is sent to clients that are logged in to the database.',
      ),
      created: nullable('string'),
      domain: about(nullable('string'), 'Name of the collection.'),
      project: nullable('string'),
      labels: about(open(), 'Words for items and people.'),
      metrics: about(open(), 'Quality, measured on held-out people.'),
      data: about(open(), 'What it was trained on.'),
      fields: about(list(field), 'The fields that are shown of an item; the first names it.'),
      requests: about(
        open({ favourites: integer, limit: integer, exclude: integer }),
        'The most of each that one request may have.',
      ),
      strategies: list(strategy),
      default_strategy: text,
      events: about(
        open({ enabled: flag, consent: { enum: ['none', 'ask'] }, types: list(text) }, [
          'enabled',
          'consent',
          'types',
        ]),
        'Whether visitors’ events are recorded, and whether a page must ask before it sends any.',
      ),
      rounds: about(roundsSchema, 'The last rounds of the loop that retrains, the newest first.'),
      experiment: about(experimentSchema, 'The experiment on live visitors, while there is one.'),
      experiments: about(experimentsSchema, 'What experiments found, the newest first.'),
    },
    ['version', 'current', 'fields', 'requests', 'strategies', 'default_strategy', 'events'],
  ),
  description: 'The current model: its manifest without what only nodes need.',
};

const worker = {
  project: text,
  node: about(text, 'Sent to clients that are logged in to the database.'),
  worker: about(integer, 'The worker that answered.'),
  workers: about(integer, 'How many the node has.'),
  component: about(text, 'Digest of the code.'),
  since: about(text, 'When this worker started.'),
};

const state = {
  ...worker,
  status: { ...text, enum: ['ok', 'degraded', 'no model'] },
  reason: about(text, 'Why it is not `ok`.'),
  model: nullable('string'),
};
const always = ['status', 'model', 'project', 'worker', 'since'];

/** GET health of a node that answers. */
export const healthy = {
  ...open(
    {
      ...state,
      items: integer,
      strategy: about(text, 'The default strategy.'),
      search: about(open({ status: text, missing: integer }), 'State of the search index.'),
      backend: nullable('string'),
      events: open(),
      experiment: about(
        open({
          id: nullable('string'),
          at: nullable('string'),
          state: { ...text, enum: ['loading', 'ready', 'refused', 'suspended'] },
          reason: text,
        }),
        'Whether this worker can carry out the experiment.',
      ),
    },
    [...always, 'items', 'strategy', 'search'],
  ),
  description: 'This worker answers; `degraded` while an older model replaces the current one.',
};

/**
 * GET health of a node without a model, which says more than an error does.
 *
 * @param {{required: string[], properties: object}} error
 * @returns {object}
 */
export const unhealthy = (error) => ({
  ...open({ ...state, ...error.properties, events: open() }, [...always, ...error.required]),
  description: 'This worker has no model yet; try again after `Retry-After` seconds.',
});

const figures = open(
  {
    requests: integer,
    refused: about(integer, 'Answered with 4xx.'),
    failed: about(integer, 'Answered with 5xx other than 503.'),
    unavailable: about(integer, 'Answered with 503.'),
    p50: about(number, 'Milliseconds.'),
    p99: about(number, 'Milliseconds.'),
  },
  ['requests', 'refused', 'failed', 'unavailable', 'p50', 'p99'],
);

/** GET stats. */
export const statistics = {
  type: 'object',
  description: 'Counts since this worker started, and the stored models.',
  required: ['project', 'worker', 'since', 'uptime', 'routes', 'model', 'items', 'versions'],
  properties: {
    ...worker,
    uptime: about(integer, 'Seconds.'),
    routes: { type: 'object', additionalProperties: figures },
    model: nullable('string'),
    items: nullable('integer'),
    versions: list(open({ version: text, current: flag }, ['version', 'current'])),
    runtime: about(open(), 'Sent to clients that are logged in to the database.'),
  },
};
