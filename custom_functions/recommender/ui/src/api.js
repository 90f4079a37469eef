/** The server responded with an error: `status`, `code`, a message that can be shown, `body`. */
export class ApiError extends Error {
  /**
   * @param {number} status HTTP status.
   * @param {{code?: string, message?: string}} body The body of the response.
   * @param {number} [retryAfter] Seconds, if the server says when to try again.
   */
  constructor(status, body, retryAfter) {
    super(body.message ?? `The server responded with status ${status}.`);
    this.name = 'ApiError';
    this.status = status;
    this.code = body.code ?? 'unknown';
    this.body = body;
    this.retryAfter = retryAfter;
  }
}

/** No response: no connection, a restarting node, or a timeout. Worth retrying. */
export class Unreachable extends Error {
  /** @param {unknown} cause What the browser threw. */
  constructor(cause) {
    super('The server is not responding.', { cause });
    this.name = 'Unreachable';
  }
}

const TIMEOUT_MS = 20_000;

/**
 * Client of one project's routes.
 *
 * @param {URL} base The project's address, with a slash at its end.
 * @param {typeof fetch} [send] Replacement for `fetch`, for tests.
 * @returns {Api}
 *
 * @typedef {ReturnType<typeof createApi>} Api
 */
export function createApi(base, send = (...args) => fetch(...args)) {
  async function ask(path, { body, signal } = {}) {
    const { status, text, retryAfter } = await exchange(path, body, signal);
    const parsed = parse(text);
    if (status >= 400) throw new ApiError(status, parsed ?? {}, retryAfter);
    if (parsed === undefined) throw new ApiError(status, { code: 'not_json' });
    return parsed;
  }

  async function exchange(path, body, signal) {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const response = await send(new URL(path, base), {
        ...(body && posted(body)),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      const { status } = response;
      // A proxy in front of a node that is down responds with a page of its own.
      if (status === 502 || status === 504) throw new TypeError(`${status} from a gateway`);
      const retryAfter = Number(response.headers.get('retry-after')) || undefined;
      return { status, text: await response.text(), retryAfter };
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Unreachable(error);
    }
  }

  return {
    model: (options) => ask('model', options),
    health: (options) => ask('health', options),
    stats: (options) => ask('stats', options),
    openapi: (options) => ask('openapi.json', options),
    recommend: (body, options) => ask('recommend', { body, ...options }),
    events: (batch) => ask('events', { body: batch }),
    /** Works while the page is being closed; nobody hears what became of it. */
    eventsAtEnd: (batch) => sendAtEnd(new URL('events', base), batch, send),
    item: (collection, id, options) => ask(`${collection}/${encodeURIComponent(id)}`, options),
    search: async (collection, text, { limit, signal }) => {
      const query = new URLSearchParams({ q: text, limit });
      return (await ask(`${collection}?${query}`, { signal }))[collection];
    },
  };
}

const posted = (body) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

function sendAtEnd(address, batch, send) {
  const body = new Blob([JSON.stringify(batch)], { type: 'application/json' });
  // False: the browser holds too much already.
  if (navigator.sendBeacon?.(address, body)) return;
  send(address, { ...posted(batch), keepalive: true }).catch(() => {});
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
