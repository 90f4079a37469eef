/**
 * What each route takes and answers. Everything that is taken has a bound, and nothing else is taken. Plain JSON
 * Schema, so that the API's description can be made of the same objects.
 */

import { DEFAULT_BOUNDS } from '../lib/bounds.js';
import { roundsSchema } from '../lib/rounds.js';
import { sessionSchema } from './events.js';

const id = { type: 'string', minLength: 1, maxLength: 100 };
const text = { type: 'string' };
const number = { type: 'number' };
const nullable = (type) => ({ type: [type, 'null'] });
const open = { type: 'object', additionalProperties: true };
const taken = (properties, required = []) => ({
  type: 'object',
  required,
  properties,
  additionalProperties: false,
});
const nothing = taken({});
const limit = (most) => ({
  type: 'integer',
  minimum: 1,
  maximum: most,
  default: Math.min(10, most),
});

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
  properties: {
    id: text,
    score: number,
    explored: { type: 'boolean' },
    because: { type: 'array', items: reason },
  },
};

/**
 * The body of POST recommend.
 *
 * @param {ReturnType<import('../lib/bounds.js').boundsOf>} bounds
 * @returns {object}
 */
export const recommendBody = (bounds) =>
  taken(
    {
      favourites: { type: 'array', items: id, minItems: 1, maxItems: bounds.favourites },
      limit: limit(bounds.limit),
      exclude: { type: 'array', items: id, minItems: 0, maxItems: bounds.exclude, default: [] },
      strategy: { type: 'string', minLength: 1, maxLength: 60 },
      explain: { type: 'boolean', default: false },
      diversity: { type: 'number', minimum: 0, maximum: 1, default: 0 },
      novelty: { type: 'number', minimum: 0, maximum: 1, default: 0 },
      session: sessionSchema,
    },
    ['favourites'],
  );

/** POST recommend; the current model's manifest may set other bounds. */
export const recommendSchema = {
  summary: 'Recommends items for a few favourites',
  querystring: nothing,
  body: recommendBody(DEFAULT_BOUNDS),
  response: {
    200: {
      type: 'object',
      properties: {
        model: text,
        strategy: text,
        unknown: { type: 'array', items: text },
        recommendations: { type: 'array', items: recommendation },
        answer: text,
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
  summary: 'Finds items by the beginnings of words, the most popular first',
  querystring: taken({
    q: { type: 'string', minLength: 0, maxLength: 200, default: '' },
    limit: limit(DEFAULT_BOUNDS.limit),
  }),
  response: {
    200: { type: 'object', properties: { [collection]: { type: 'array', items: item } } },
    ...errors,
  },
});

/** GET one item. */
export const itemSchema = {
  summary: 'Shows one item',
  params: taken({ id }, ['id']),
  querystring: nothing,
  response: { 200: item, ...errors },
};

/** GET model. */
export const modelSchema = {
  summary: 'Describes the current model',
  querystring: nothing,
  response: { 200: { ...open, properties: { rounds: roundsSchema } }, ...errors },
};

/** GET health; a node without a model says more than an error does. */
export const healthSchema = {
  summary: 'Says whether this worker answers, and with which model',
  querystring: nothing,
  response: {
    200: open,
    503: { ...open, properties: { ...error.properties, status: text } },
    '4xx': error,
  },
};

/** GET stats. */
export const statsSchema = {
  summary: 'Counts requests and times since this worker started',
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
