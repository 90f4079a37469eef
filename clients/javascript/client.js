/**
 * Client of the recommender's HTTP API, for browsers and Node.js 20 or later. One method for each operation of the
 * API's description (`GET /<project>/openapi.json`), with the same names and fields.
 *
 *     import { createClient } from 'harperdb-recommender-client';
 *
 *     const client = createClient('http://127.0.0.1:9926/song-recommender');
 *     const { recommendations } = await client.recommend({ favourites: ['SODEMO6AL7ASEMVIXG'], limit: 5 });
 *
 * @typedef {{id: string, [field: string]: unknown}} Item With the fields that are shown of it, such as a title.
 * @typedef {Item & {score: number, because?: {id: string, share: number}[]}} Recommendation
 * @typedef {object} Recommendations
 * @property {string} model Version of the model that answered.
 * @property {string} strategy The strategy that answered; `popular` if no favourite is known.
 * @property {string[]} unknown Favourites that the model does not know.
 * @property {Recommendation[]} recommendations Distinct, the best first, and never a favourite.
 * @property {string} [answer] With a session: the signed token that events refer to.
 * @property {'champion' | 'challenger' | 'interleaved'} [variant] With a session, while an experiment runs: who answered.
 *
 * @typedef {object} RecommendBody
 * @property {string[]} favourites Ids of the favourites.
 * @property {number} [limit] Most recommendations.
 * @property {string[]} [exclude] Ids that are not recommended.
 * @property {string} [strategy] One of those that `model` lists.
 * @property {boolean} [explain] Add `because`.
 * @property {number} [diversity] Variety of the list, 0 to 1.
 * @property {number} [novelty] How much less popular items are preferred, 0 to 1.
 * @property {string} [session] A visitor's token; the answer is then signed.
 *
 * @typedef {object} RecommenderEvent
 * @property {string} id
 * @property {string} type A type of the domain, such as `click`.
 * @property {string} at
 * @property {string} [answer]
 * @property {string} [item]
 * @property {number} [position]
 *
 * @typedef {object} EventsAnswer
 * @property {number} accepted
 * @property {number} duplicates
 * @property {{index: number, field: string, message: string}[]} refused
 * @property {string} [ignored] The header that asked for nothing to be stored.
 */

import { ApiError, Unreachable } from './errors.js';
import { secondsOf, waitBefore } from './retries.js';

export { ApiError, Unreachable } from './errors.js';
export { newEvent, newSession } from './events.js';

/** All requests are safe to repeat, events by their ids. */
const BUSY = [429, 503];
const GATEWAY = [502, 504];

/**
 * @param {string | URL} address Of the project, such as `http://127.0.0.1:9926/song-recommender`.
 * @param {object} [options]
 * @param {string} [options.collection] Name of the catalogue in the API, such as `songs`; by default the model is
 *   asked for it once.
 * @param {number} [options.timeout] Seconds for one try.
 * @param {import('./retries.js').Retries} [options.retries]
 * @param {typeof fetch} [options.send] Sends the requests.
 */
export function createClient(address, { collection, timeout = 10, retries, send } = {}) {
  const ask = createAsk({ base: `${String(address).replace(/\/$/, '')}/`, timeout, retries, send });
  let named = collection;

  async function collectionName(options) {
    named ??= (await ask('model', options)).domain;
    if (!named) throw new TypeError('the model names no collection; pass the option collection');
    return named;
  }

  return {
    /** @param {RecommendBody} body @param {Options} [options] @returns {Promise<Recommendations>} */
    recommend: (body, options) => ask('recommend', { ...options, body }),

    /**
     * Finds items by words or their beginnings, the most popular first.
     *
     * @param {{q?: string, limit?: number}} [query] Without `q` the popular items are returned.
     * @param {Options} [options]
     * @returns {Promise<Item[]>}
     */
    async search(query = {}, options) {
      const name = await collectionName(options);
      const given = Object.entries(query).filter(([, value]) => value !== undefined);
      return (await ask(`${name}?${new URLSearchParams(given)}`, options))[name];
    },

    /**
     * @param {{id: string}} item
     * @param {Options} [options]
     * @returns {Promise<Item & {known: boolean}>}
     * @throws {ApiError} `unknown_item`: there is none.
     */
    item: async ({ id }, options) =>
      ask(`${await collectionName(options)}/${encodeURIComponent(id)}`, options),

    /**
     * Records what a visitor did, in batches of at most 50; see `newEvent`.
     *
     * @param {{session: string, events: RecommenderEvent[]}} body
     * @param {Options} [options]
     * @returns {Promise<EventsAnswer>}
     */
    events: (body, options) => ask('events', { ...options, body }),

    /** @param {Options} [options] @returns {Promise<object>} Describes the current model. */
    model: (options) => ask('model', options),

    /**
     * State of the worker that answered; without a model too, and then at once.
     *
     * @param {Options} [options]
     * @returns {Promise<{status: 'ok' | 'degraded' | 'no model', model: string | null}>}
     */
    health: (options) => ask('health', { ...options, accepts: isHealth }),

    /** @param {Options} [options] @returns {Promise<object>} Counts of the worker that answered. */
    stats: (options) => ask('stats', options),

    /** @param {Options} [options] @returns {Promise<object>} The API's description. */
    openapi: (options) => ask('openapi.json', options),
  };
}

/** @typedef {{signal?: AbortSignal}} Options */

const isHealth = ({ status, content }) => status === 503 && content?.status !== undefined;

function createAsk({ base, timeout, retries, send = (...args) => fetch(...args) }) {
  async function exchange(path, { body, signal }) {
    const limit = AbortSignal.timeout(timeout * 1000);
    try {
      const response = await send(base + path, {
        ...(body && posted(body)),
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
      const { status, headers } = response;
      if (GATEWAY.includes(status)) throw new Error(`${status} from a gateway`);
      const retryAfter = secondsOf(headers.get('retry-after'));
      return { status, retryAfter, content: parsed(await response.text()) };
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Unreachable(base, error);
    }
  }

  async function once(path, options) {
    const answer = await exchange(path, options);
    const { status, content } = answer;
    const isObject = typeof content === 'object' && content !== null;
    if (isObject && (status < 400 || options.accepts?.(answer))) return content;
    throw new ApiError(answer);
  }

  return async function ask(path, options = {}) {
    for (let retry = 0; ; retry++) {
      try {
        return await once(path, options);
      } catch (error) {
        const mayPass = error instanceof Unreachable || BUSY.includes(error.status);
        const wait = mayPass ? waitBefore(retry, error.retryAfter, retries) : undefined;
        if (wait === undefined) throw error;
        await pause(wait, options.signal);
      }
    }
  };
}

const posted = (body) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
