/**
 * What each route takes and answers. Everything that is taken has a bound, and nothing else is taken. Plain JSON
 * Schema, so that the API's description can be made of the same objects.
 */

import { DEFAULT_BOUNDS } from '../lib/bounds.js';
import {
  card,
  found,
  healthy,
  knownItem,
  recommendations,
  statistics,
  unhealthy,
} from './answer_schemas.js';
import { WITH_BODY, error, errorAnswers } from './error_answers.js';
import { sessionSchema } from './events.js';

const id = { type: 'string', minLength: 1, maxLength: 100 };
// Without a default: what a request does not say, an experiment may.
const share = { type: 'number', minimum: 0, maximum: 1 };
const about = (schema, description) => ({ ...schema, description });
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
  description: 'Most items of the answer.',
});

/**
 * The body of POST recommend.
 *
 * @param {ReturnType<import('../lib/bounds.js').boundsOf>} bounds
 * @returns {object}
 */
export const recommendBody = (bounds) =>
  taken(
    {
      favourites: {
        type: 'array',
        items: id,
        minItems: 1,
        maxItems: bounds.favourites,
        description: 'Ids of the favourites; the id of any edition names its work.',
      },
      limit: limit(bounds.limit),
      exclude: {
        type: 'array',
        items: id,
        minItems: 0,
        maxItems: bounds.exclude,
        default: [],
        description: 'Ids that are not recommended.',
      },
      strategy: about(
        { type: 'string', minLength: 1, maxLength: 60 },
        'One of those that `GET model` lists; its `default_strategy` by default.',
      ),
      explain: about({ type: 'boolean', default: false }, 'Add `because` to recommendations.'),
      diversity: about(share, 'Variety of the list; 0 by default.'),
      novelty: about(share, 'How much less popular items are preferred; 0 by default.'),
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
    200: recommendations,
    ...errorAnswers(
      ...WITH_BODY,
      'unknown_strategy',
      'too_many_requests',
      'overloaded',
      'no_model',
      'no_catalogue',
    ),
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
    q: about(
      { type: 'string', minLength: 0, maxLength: 200, default: '' },
      'Words or their beginnings, in any order; without them, the popular items are returned.',
    ),
    limit: limit(DEFAULT_BOUNDS.limit),
  }),
  response: {
    200: found(collection),
    ...errorAnswers('too_many_requests', 'overloaded', 'no_model', 'no_catalogue'),
  },
});

/** GET one item. */
export const itemSchema = {
  summary: 'Shows one item',
  params: taken({ id: about(id, 'The id of an item, or of any edition of it.') }, ['id']),
  querystring: nothing,
  response: { 200: knownItem, ...errorAnswers('unknown_item', 'unknown_route', 'no_model') },
};

/** GET model. */
export const modelSchema = {
  summary: 'Describes the current model',
  querystring: nothing,
  response: { 200: card, ...errorAnswers('no_model') },
};

/** GET health. */
export const healthSchema = {
  summary: 'Says whether this worker answers, and with which model',
  querystring: nothing,
  response: { 200: healthy, ...errorAnswers(), 503: unhealthy(error) },
};

/** GET stats. */
export const statsSchema = {
  summary: 'Counts requests and times since this worker started',
  querystring: nothing,
  response: { 200: statistics, ...errorAnswers() },
};

/** GET openapi.json. */
export const openApiSchema = {
  summary: 'Describes this API as an OpenAPI 3.1 document',
  querystring: nothing,
  response: {
    200: { type: 'object', additionalProperties: true, description: 'This document.' },
    ...errorAnswers(),
  },
};
