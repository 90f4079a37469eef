/**
 * What never reaches Fastify's routes, and would be answered by HarperDB in another shape: an address that cannot
 * be decoded, a method that Fastify does not route, a login that failed, a WebSocket. Only addresses of this project
 * are touched.
 */

import { ServiceError } from '../lib/errors.js';
import { messageOf } from './answers.js';
import { ANSWER_HEADERS } from './headers.js';
import { REQUEST_ID, requestIdOf } from './request_id.js';

/**
 * @param {object} options
 * @param {object} options.server HarperDB's; `http` and `upgrade` put a listener in front of all others.
 * @param {string} options.prefix The project's path, e.g. `/song-recommender`.
 * @param {readonly string[]} options.routed Methods that Fastify routes.
 * @param {ReturnType<import('./methods.js').createRefusal>} options.refusal
 * @param {{error: Function}} options.log
 * @param {(code: string) => void} options.count Counts an answered error.
 */
export function guardEdge({ server, prefix, routed, refusal, log, count }) {
  const answerTo = (request) => {
    const id = requestIdOf(request.headers.get(REQUEST_ID));
    const answer = (error, theirs) => {
      count(error.code);
      return answerOf(error, id, theirs);
    };
    return { id, answer };
  };
  server.http?.(
    async (request, next) => {
      const path = below(prefix, request.url);
      if (path === undefined || request.isWebSocket) return next(request);
      const { id, answer } = answerTo(request);
      if (!isDecodable(path)) return answer(badAddress());
      if (!routed.includes(request.method)) return answer(refusal(request.method, path));
      // HarperDB's own answers follow this header, and fail where it names nothing that HarperDB writes.
      request.headers.set('accept', 'application/json');
      const response = await errorAsResponse(() => next(request), log, id);
      return isForeignError(response) ? answer(inOurWords(response), response.headers) : response;
    },
    { runFirst: true },
  );
  server.upgrade?.(
    (request, socket, head, next) => {
      if (below(prefix, request.url) === undefined) return next(request, socket, head);
      return refuseUpgrade(socket, requestIdOf(request.headers?.[REQUEST_ID]));
    },
    { runFirst: true },
  );
}

/**
 * @param {string} prefix
 * @param {string} url
 * @returns {string | undefined} The path after the prefix, without a query; undefined for other addresses.
 */
export function below(prefix, url) {
  const [path] = url.split('?', 1);
  if (path === prefix) return '';
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined;
}

function isDecodable(path) {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

async function errorAsResponse(work, log, id) {
  try {
    return await work();
  } catch (error) {
    const { statusCode: status = 500 } = error;
    if (status >= 500)
      log.error('a request failed before it reached its route', error, { request_id: id });
    return { status };
  }
}

// -1 means that Fastify has the request, and everything that Fastify answers has our shape already.
const isForeignError = (response) => response?.status >= 400;

function inOurWords({ status }) {
  if (status === 401) return new ServiceError(401, 'login_failed', 'The login failed.');
  if (status >= 500)
    return new ServiceError(status, 'internal', 'Something went wrong on our side.');
  return new ServiceError(status, 'refused', 'The request was refused.');
}

const badAddress = () =>
  new ServiceError(400, 'bad_address', 'The address is not valid percent-encoded UTF-8.');

function answerOf(error, id, theirs = []) {
  const kept = [...theirs].filter(([name]) => !/^content-/i.test(name));
  return {
    status: error.statusCode,
    headers: {
      ...Object.fromEntries(kept),
      ...ANSWER_HEADERS,
      ...error.headers,
      [REQUEST_ID]: id,
      'content-type': 'application/json; charset=utf-8',
    },
    body: JSON.stringify(messageOf(error)),
  };
}

function refuseUpgrade(socket, id) {
  const error = new ServiceError(400, 'no_websocket', 'There are no WebSockets here.');
  const body = JSON.stringify(messageOf(error));
  const headers = {
    ...ANSWER_HEADERS,
    [REQUEST_ID]: id,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on('error', () => {});
  socket.end(`HTTP/1.1 400 Bad Request\r\n${lines.join('')}\r\n${body}`);
}
