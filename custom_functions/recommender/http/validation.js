/**
 * Checks requests against their schemas, strictly: a body is never coerced, nothing unknown is dropped, and the
 * message names the field. Fastify's own Ajv does the opposite by default, and inside HarperDB its options are not
 * ours to set.
 */

import Ajv from 'ajv';
import { invalid } from '../lib/errors.js';

/** The pattern of ids and tokens that clients make. */
export const WORD = '^[A-Za-z0-9_-]*$';
const LETTERS = { [WORD]: 'A–Z a–z 0–9 - _' };

const ajv = new Ajv({
  strict: true,
  // One error is enough to answer with, and a body of a thousand mistakes costs no more than one of one.
  allErrors: false,
  coerceTypes: false,
  useDefaults: true,
  // The message is made from the schema that an error broke.
  verbose: true,
});

/**
 * Fastify's `validatorCompiler`.
 *
 * @param {{schema: object, httpPart?: string}} part
 * @returns {(data: unknown) => {value: unknown} | {error: Error}}
 */
export function compileValidator({ schema, httpPart }) {
  // JSON Schema lets everything pass that a schema forgets to mention.
  if (schema.additionalProperties === undefined) {
    throw new TypeError(`schema without additionalProperties: ${JSON.stringify(schema)}`);
  }
  const isValid = ajv.compile(schema);
  const read = httpPart === 'body' ? (data) => data : (data) => withNumbers(schema, data);
  return (data) => {
    const value = read(data);
    return isValid(value) ? { value } : { error: problemOf(isValid.errors[0]) };
  };
}

/**
 * A validator whose schema follows bounds that change while the service runs.
 *
 * @param {(bounds: object) => object} schemaFor
 * @param {() => object} boundsNow
 * @returns {(data: unknown) => {value: unknown} | {error: Error}} For a body.
 */
export function boundedValidator(schemaFor, boundsNow) {
  const compiled = new Map();
  return (data) => {
    const bounds = boundsNow();
    const key = JSON.stringify(bounds);
    if (!compiled.has(key)) {
      compiled.set(key, compileValidator({ schema: schemaFor(bounds), httpPart: 'body' }));
    }
    return compiled.get(key)(data);
  };
}

// In an address everything is text: there, and only there, digits are read as a number. Ajv's own coercion would
// take `1e1`, ` 7` and the empty text, too.
function withNumbers({ properties = {} }, data) {
  const read = ([name, value]) => {
    const isNumber = properties[name]?.type === 'integer' && /^\d{1,9}$/.test(value);
    return [name, isNumber ? Number(value) : value];
  };
  return Object.fromEntries(Object.entries(data).map(read));
}

function problemOf({ keyword, instancePath, params, parentSchema }) {
  const place = placeOf(instancePath);
  if (keyword === 'required') return invalid(under(place, params.missingProperty), 'is missing');
  if (keyword === 'additionalProperties') {
    return invalid(under(place, params.additionalProperty), 'there is no such field');
  }
  return invalid(place || 'body', `expected ${EXPECTED[parentSchema.type](parentSchema)}`);
}

const EXPECTED = {
  object: () => 'a JSON object',
  array: ({ minItems, maxItems }) => `a list of ${minItems} to ${maxItems}`,
  string: ({ minLength, maxLength, pattern }) =>
    pattern === undefined
      ? `a text of ${minLength} to ${maxLength} characters`
      : `${minLength} to ${maxLength} of ${LETTERS[pattern]}`,
  integer: ({ minimum, maximum }) => `a whole number from ${minimum} to ${maximum}`,
  number: ({ minimum, maximum }) => `a number from ${minimum} to ${maximum}`,
  boolean: () => 'true or false',
};

/** @returns {string} `/favourites/2` as `favourites[2]`. */
const placeOf = (path) => path.split('/').slice(1).map(unescaped).reduce(under, '');
const unescaped = (part) => part.replace(/~1/g, '/').replace(/~0/g, '~');

function under(place, part) {
  if (place && /^\d+$/.test(part)) return `${place}[${part}]`;
  return place ? `${place}.${clipped(part)}` : clipped(part);
}

const clipped = (part) => (part.length > 60 ? `${part.slice(0, 60)}…` : part);
