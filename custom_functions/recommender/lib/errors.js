/**
 * Every error this component raises itself.
 *
 *     ServiceError     answered to the client as {statusCode, code, message}; the message is fit for strangers
 *     ModelRefused     a model that must not answer; its reason is shown by /health
 *
 * Anything else is our own bug: the client gets a bare 500 and the detail goes to the log alone.
 */

/** An error that is answered to the client. */
export class ServiceError extends Error {
  /**
   * @param {number} statusCode HTTP status, 400..599.
   * @param {string} code Stable word for programs.
   * @param {string} message Sentence for people; says which field and what to do.
   * @param {{retryAfter?: number, headers?: Record<string, string>}} [options] Seconds until another try is
   *   worth it; further headers of the answer.
   */
  constructor(statusCode, code, message, { retryAfter, headers = {} } = {}) {
    super(message);
    this.name = 'ServiceError';
    this.statusCode = statusCode;
    this.code = code;
    this.retryAfter = retryAfter;
    this.headers = headers;
  }
}

/** Why a model record must not become current. */
export class ModelRefused extends Error {
  /**
   * @param {string} reason Fit for strangers.
   * @param {{temporary?: boolean, cause?: unknown}} [options] temporary: it may pass by itself (a blob that is
   *   still on its way), so trying again later makes sense.
   */
  constructor(reason, { temporary = false, cause } = {}) {
    super(reason, { cause });
    this.name = 'ModelRefused';
    this.temporary = temporary;
  }
}

/**
 * @param {string} field Where in the request, e.g. `favourites[2]`.
 * @param {string} problem What was expected there.
 * @returns {ServiceError}
 */
export const invalid = (field, problem) =>
  new ServiceError(400, 'invalid_request', `${field}: ${problem}`);

/**
 * @param {string} name The strategy asked for.
 * @param {Iterable<string>} known The model's own.
 * @returns {ServiceError}
 */
export const unknownStrategy = (name, known) =>
  new ServiceError(
    400,
    'unknown_strategy',
    `strategy: this model has no ${JSON.stringify(name)}; it has ${[...known].join(', ')}`,
  );

/**
 * @param {string} what One item in words, e.g. `song`.
 * @param {string} id The id asked for.
 * @returns {ServiceError}
 */
export const unknownItem = (what, id) =>
  new ServiceError(404, 'unknown_item', `There is no ${what} ${JSON.stringify(id)}.`);

/**
 * @param {string} reason Why no model answers.
 * @param {number} [retryAfter] Seconds.
 * @returns {ServiceError}
 */
export const noModel = (reason, retryAfter = 1) =>
  new ServiceError(503, 'no_model', reason, { retryAfter });

/** @returns {ServiceError} Too many computations wait. */
export const overloaded = () =>
  new ServiceError(503, 'overloaded', 'The server is busy. Try again in a second.', {
    retryAfter: 1,
  });

/**
 * @param {number} retryAfter Seconds.
 * @returns {ServiceError} One client asks too often.
 */
export const tooManyRequests = (retryAfter) =>
  new ServiceError(429, 'too_many_requests', `Too many requests. Try again in ${retryAfter} s.`, {
    retryAfter,
  });
