/**
 * The API's description, OpenAPI 3.1, made of the routes and of the very schemas that check requests and serialise
 * answers. Bounds, strategies and examples are those of the model that answers.
 */

import { recommendation, item } from '../answer_schemas.js';
import { LARGEST_BODY } from '../body.js';
import { ERRORS } from '../error_answers.js';
import { recommendBody } from '../schemas.js';
import { eventsDescription } from './event_schemas.js';

/** Of the API: the first number changes when a client would have to. */
const VERSION = '1.0.0';

// Schemas that many answers share, by identity.
const SHARED = new Map([
  [item, 'Item'],
  [recommendation, 'Recommendation'],
]);

const DESCRIPTION = `Requests and answers are JSON in UTF-8, whatever \`Accept\` says. A field that is not listed is \
refused in a request with 400, and may be added to an answer. HEAD answers wherever GET does; any other method is \
answered with 405 and \`Allow\`.

Every error is \`{statusCode, code, message}\`: \`code\` is a stable word for programs, \`message\` a sentence for \
people. Requests that were answered with 429 or 503 can be sent again after \`Retry-After\` seconds; all requests are \
safe to repeat.

The operator of a node may limit how many requests a second one client sends (429, \`too_many_requests\`). A worker \
whose queue is full answers 503, \`overloaded\`.`;

/**
 * @param {object} options
 * @param {{project: string, collection: string, events?: {types?: object}}} options.settings
 * @param {{name: string, method: string, url: string, schema: object, bodyLimit?: number}[]} options.routes
 * @param {{bounds: object, strategies?: string[]}} options.model What it lets a request ask for.
 * @param {Record<string, {parameters?: object, body?: object, answers?: Record<string, object>}>} options.examples
 *   By the route's name.
 * @returns {object}
 */
export function openApiDocument({ settings, routes, model, examples }) {
  const bodies = {
    recommend: named(recommendBody(model.bounds), model.strategies),
    events: eventsDescription(settings.events?.types ?? {}),
  };
  const paths = {};
  for (const route of routes) {
    const path = route.url.replace(/:(\w+)/g, '{$1}');
    const shown = examples[route.name] ?? {};
    paths[path] = {
      ...paths[path],
      [route.method.toLowerCase()]: operation(route, bodies[route.name], shown),
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: settings.project,
      version: VERSION,
      description: DESCRIPTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    // Not all tools resolve the second one, which holds behind a proxy that serves the project under another path.
    servers: [
      { url: `/${settings.project}`, description: 'On the node itself' },
      { url: './', description: 'Beside this document' },
    ],
    paths: withReferences(paths),
    components: {
      schemas: Object.fromEntries([...SHARED].map(([schema, name]) => [name, schema])),
    },
  };
}

function operation({ name, schema, bodyLimit = LARGEST_BODY }, body, examples) {
  return {
    operationId: name,
    summary: schema.summary,
    parameters: [
      ...parameters('path', schema.params, examples.parameters),
      ...parameters('query', schema.querystring, examples.parameters),
    ],
    ...(schema.body && {
      requestBody: {
        required: true,
        description: `At most ${bodyLimit.toLocaleString('en')} bytes.`,
        content: { 'application/json': media(body ?? schema.body, examples.body) },
      },
    }),
    responses: responses(schema.response, examples.answers ?? {}),
  };
}

const parameters = (place, { properties, required = [] } = { properties: {} }, examples = {}) =>
  Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: required.includes(name),
    description,
    schema,
    ...(name in examples && { example: examples[name] }),
  }));

function responses(schemas, examples) {
  const answers = Object.entries(schemas).map(([status, { description, content, ...schema }]) => [
    status,
    {
      description: description ?? '',
      ...(RETRIED.has(status) && { headers: { 'Retry-After': RETRY_AFTER } }),
      content: content ?? { 'application/json': answered(status, schema, examples[status]) },
    },
  ]);
  return Object.fromEntries(answers);
}

const RETRIED = new Set(['429', '503']);
const RETRY_AFTER = {
  description: 'Seconds after which another try is worth it.',
  required: true,
  schema: { type: 'integer', minimum: 1 },
};

function answered(status, schema, example) {
  const codes = schema.properties?.code?.enum;
  if (!codes || example) return media(schema, example);
  const shown = codes.map((code) => {
    const [statusCode, message] = ERRORS[code];
    return [code, { value: { statusCode, code, message } }];
  });
  return { schema, examples: Object.fromEntries(shown) };
}

const media = (schema, example) => ({ schema, ...(example !== undefined && { example }) });

function named(body, strategies) {
  if (!strategies) return body;
  const strategy = { ...body.properties.strategy, enum: strategies };
  return { ...body, properties: { ...body.properties, strategy } };
}

function withReferences(value) {
  if (typeof value !== 'object' || value === null) return value;
  if (SHARED.has(value)) return { $ref: `#/components/schemas/${SHARED.get(value)}` };
  if (Array.isArray(value)) return value.map(withReferences);
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key, withReferences(child)]),
  );
}
