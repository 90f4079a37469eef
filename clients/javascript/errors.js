/** The server answered with an error. */
export class ApiError extends Error {
  /**
   * @param {object} answer
   * @param {number} answer.status HTTP status.
   * @param {{code?: string, message?: string}} [answer.content] Undefined where it is not JSON.
   * @param {number} [answer.retryAfter] Seconds.
   */
  constructor({ status, content, retryAfter }) {
    super(content?.message ?? 'The answer is not a JSON object.');
    this.name = 'ApiError';
    this.status = status;
    /** A stable word for programs, such as `unknown_item`; see docs/api.md. */
    this.code = content?.code ?? 'not_json';
    /** Seconds after which the server suggests another try. */
    this.retryAfter = retryAfter;
  }
}

/** No answer: no connection, a timeout, or a gateway without a node behind it. The work may have been done. */
export class Unreachable extends Error {
  /**
   * @param {string} address
   * @param {unknown} cause
   */
  constructor(address, cause) {
    super(`${address} does not respond: ${cause?.message ?? cause}`, { cause });
    this.name = 'Unreachable';
  }
}
