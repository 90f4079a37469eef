/**
 * The errors that clients can get, by code: the status, and a message as an example. Routes name the codes that they
 * answer with; the schemas of their answers and the API's description are made of this table.
 */

/** @type {Record<string, [number, string]>} Code → status and an example of its message. */
export const ERRORS = {
  invalid_request: [400, 'limit: expected a whole number from 1 to 100'],
  invalid_json: [400, 'body: expected JSON'],
  unknown_strategy: [400, 'strategy: this model has no "best"; it has items, voters'],
  invalid_length: [400, 'Content-Length is not the body’s length.'],
  bad_address: [400, 'The address is not valid percent-encoded UTF-8.'],
  no_websocket: [400, 'There are no WebSockets here.'],
  login_failed: [401, 'The login failed.'],
  unknown_item: [404, 'There is no item "no-such-id".'],
  unknown_route: [404, 'There is no such route.'],
  unknown_page: [404, 'There is no such page.'],
  events_disabled: [404, 'Events are not recorded here.'],
  method_not_allowed: [405, 'Use GET, HEAD here.'],
  too_large: [413, 'The body is too large.'],
  unsupported_media_type: [415, 'Send application/json.'],
  unsupported_encoding: [415, 'Send the body without a content encoding such as gzip.'],
  too_many_requests: [429, 'Too many requests. Try again in 1 s.'],
  too_many_events: [429, 'Too many events; try again later.'],
  internal: [500, 'Something went wrong on our side.'],
  overloaded: [503, 'The server is busy. Try again in a second.'],
  no_model: [503, 'No model has been deployed yet.'],
  no_catalogue: [503, 'The catalogue cannot be read at the moment.'],
  events_full: [503, 'This node stores 2000000 events already.'],
  events_unavailable: [503, 'Events cannot be stored now.'],
};

const DESCRIPTIONS = {
  400: 'The request is malformed; `message` names the field and what was expected.',
  401: 'The request carries credentials, and the login failed. Without any, it is answered.',
  404: 'Not found.',
  413: 'The body is too large.',
  415: 'The body is not plain `application/json`.',
  429: 'Too much was sent; try again after `Retry-After` seconds.',
  500: 'A bug of the server, whose log has the details.',
  503: 'Not possible now; try again after `Retry-After` seconds.',
};

/** Codes that every route can answer with. */
export const ANYWHERE = [
  'invalid_request',
  'bad_address',
  'login_failed',
  'unsupported_encoding',
  'internal',
];
/** Codes of routes that read a body. */
export const WITH_BODY = ['invalid_json', 'invalid_length', 'too_large', 'unsupported_media_type'];

const text = { type: 'string' };

/** The shape of every error. */
export const error = {
  type: 'object',
  required: ['statusCode', 'code', 'message'],
  properties: {
    statusCode: { type: 'integer', description: 'The HTTP status.' },
    code: { ...text, description: 'A stable word for programs.' },
    message: { ...text, description: 'A sentence for people.' },
  },
};

/**
 * @param {...string} codes Those of one route, besides `ANYWHERE`.
 * @returns {Record<string, object>} The schema of each status, as Fastify takes them.
 */
export function errorAnswers(...codes) {
  const all = [...ANYWHERE, ...codes];
  const statuses = [...new Set(all.map((code) => ERRORS[code][0]))].sort();
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      answerOf(
        status,
        all.filter((code) => ERRORS[code][0] === status),
      ),
    ]),
  );
}

const answerOf = (status, codes) => ({
  ...error,
  description: DESCRIPTIONS[status],
  properties: { ...error.properties, code: { ...error.properties.code, enum: codes } },
});
