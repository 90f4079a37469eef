/**
 * What each route takes and gives. Everything has a bound.
 */

const id = { type: 'string', minLength: 1, maxLength: 100 };
const text = { type: 'string' };
const number = { type: 'number' };
const nullable = (type) => ({ type: [type, 'null'] });
const open = { type: 'object', additionalProperties: true };
const nothing = { type: 'object', properties: {} };
const limit = (most) => ({ type: 'integer', minimum: 1, maximum: most, default: 10 });

const error = {
  type: 'object',
  required: ['statusCode', 'code', 'message'],
  properties: { statusCode: { type: 'integer' }, code: text, message: text },
};
const errors = { '4xx': error, '5xx': error };

const item = {
  type: 'object',
  required: ['id'],
  properties: { id: text },
  additionalProperties: true,
};
const reason = { type: 'object', properties: { id: text, share: number } };
const recommendation = {
  ...item,
  required: ['id', 'score'],
  properties: { id: text, score: number, because: { type: 'array', items: reason } },
};

/** POST recommend. */
export const recommendSchema = {
  querystring: nothing,
  body: {
    type: 'object',
    required: ['favourites'],
    properties: {
      favourites: { type: 'array', items: id, minItems: 1, maxItems: 10 },
      limit: limit(100),
      exclude: { type: 'array', items: id, minItems: 0, maxItems: 1000, default: [] },
      strategy: { type: 'string', minLength: 1, maxLength: 60 },
      explain: { type: 'boolean', default: false },
      diversity: { type: 'number', minimum: 0, maximum: 1, default: 0 },
      novelty: { type: 'number', minimum: 0, maximum: 1, default: 0 },
    },
  },
  response: {
    200: {
      type: 'object',
      properties: {
        model: text,
        strategy: text,
        unknown: { type: 'array', items: text },
        recommendations: { type: 'array', items: recommendation },
      },
    },
    ...errors,
  },
};

/**
 * GET the collection: search.
 *
 * @param {string} collection The name of the list in the answer.
 * @returns {object}
 */
export const searchSchema = (collection) => ({
  querystring: {
    type: 'object',
    properties: {
      q: { type: 'string', minLength: 0, maxLength: 200, default: '' },
      limit: limit(100),
    },
  },
  response: {
    200: { type: 'object', properties: { [collection]: { type: 'array', items: item } } },
    ...errors,
  },
});

/** GET one item. */
export const itemSchema = {
  params: { type: 'object', required: ['id'], properties: { id } },
  querystring: nothing,
  response: { 200: item, ...errors },
};

/** GET model. */
export const modelSchema = { querystring: nothing, response: { 200: open, ...errors } };

/** GET health; a node without a model says more than an error does. */
export const healthSchema = {
  querystring: nothing,
  response: {
    200: open,
    503: { ...open, properties: { ...error.properties, status: text } },
    '4xx': error,
  },
};

/** GET stats. */
export const statsSchema = {
  querystring: nothing,
  response: {
    200: {
      type: 'object',
      properties: {
        project: text,
        node: text,
        worker: { type: 'integer' },
        workers: { type: 'integer' },
        component: text,
        since: text,
        uptime: { type: 'integer' },
        model: nullable('string'),
        items: nullable('integer'),
        versions: { type: 'array', items: open },
        routes: open,
        runtime: open,
      },
    },
    ...errors,
  },
};
