/**
 * One id a request: in its answer's header, and in what is logged about it. A proxy's id is taken over, so that its
 * log and ours can be joined.
 */

import { randomUUID } from 'node:crypto';

/** Header of requests and answers. */
export const REQUEST_ID = 'x-request-id';

// Nothing that could begin a line of a log or a header.
const WELL_FORMED = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/**
 * @param {string | string[] | undefined} received The request's header.
 * @returns {string} The same if it is well-formed, otherwise a random one.
 */
export const requestIdOf = (received) =>
  typeof received === 'string' && WELL_FORMED.test(received) ? received : randomUUID();
