/**
 * Checks requests against their schemas, strictly: nothing is coerced, nothing unknown is dropped, and the
 * message names the place. Fastify's own Ajv does the opposite by default, and inside HarperDB its options are
 * not ours to set. Only the keywords below exist; a schema with another one is refused when it is compiled.
 */

import { invalid } from '../lib/errors.js';

const KEYWORDS = {
  object: ['type', 'properties', 'required', 'additionalProperties', 'description'],
  array: ['type', 'items', 'minItems', 'maxItems', 'default', 'description'],
  string: ['type', 'minLength', 'maxLength', 'default', 'description'],
  integer: ['type', 'minimum', 'maximum', 'default', 'description'],
  number: ['type', 'minimum', 'maximum', 'default', 'description'],
  boolean: ['type', 'default', 'description'],
};

/**
 * Fastify's `validatorCompiler`.
 *
 * @param {{schema: object, httpPart: string}} part
 * @returns {(data: unknown) => {value: unknown} | {error: Error}}
 */
export function compileValidator({ schema, httpPart }) {
  known(schema);
  // In an address everything is text: there, and only there, digits are read as a number.
  const read = httpPart === 'body' ? (_, value) => value : fromText;
  return (data) => {
    try {
      return { value: check(schema, data, '', read) };
    } catch (error) {
      return { error };
    }
  };
}

function known(schema) {
  const allowed = KEYWORDS[schema.type];
  const odd = allowed ? Object.keys(schema).find((key) => !allowed.includes(key)) : 'type';
  if (odd) throw new TypeError(`schema: ${odd} is not understood in ${JSON.stringify(schema)}`);
  for (const inner of Object.values(schema.properties ?? {})) known(inner);
  if (schema.items) known(schema.items);
}

function check(schema, given, place, read) {
  const value = read(schema, given);
  return CHECKS[schema.type](schema, value, place, read);
}

const CHECKS = {
  object(schema, value, place, read) {
    demand(isObject(value), place, 'expected a JSON object');
    for (const key of Object.keys(value)) {
      demand(Object.hasOwn(schema.properties, key), under(place, key), 'there is no such field');
    }
    const result = {};
    for (const [key, inner] of Object.entries(schema.properties)) {
      if (Object.hasOwn(value, key))
        result[key] = check(inner, value[key], under(place, key), read);
      else if (schema.required?.includes(key)) throw invalid(under(place, key), 'is missing');
      else result[key] = inner.default;
    }
    return result;
  },

  array(schema, value, place, read) {
    const { minItems, maxItems } = schema;
    const good = Array.isArray(value) && value.length >= minItems && value.length <= maxItems;
    demand(good, place, `expected a list of ${minItems} to ${maxItems}`);
    return value.map((one, i) => check(schema.items, one, `${place}[${i}]`, read));
  },

  string({ minLength, maxLength }, value, place) {
    const good =
      typeof value === 'string' && value.length >= minLength && value.length <= maxLength;
    demand(good, place, `expected a text of ${minLength} to ${maxLength} characters`);
    return value;
  },

  integer({ minimum, maximum }, value, place) {
    const good = Number.isInteger(value) && value >= minimum && value <= maximum;
    demand(good, place, `expected a whole number from ${minimum} to ${maximum}`);
    return value;
  },

  number({ minimum, maximum }, value, place) {
    const good = typeof value === 'number' && value >= minimum && value <= maximum;
    demand(good, place, `expected a number from ${minimum} to ${maximum}`);
    return value;
  },

  boolean(schema, value, place) {
    demand(typeof value === 'boolean', place, 'expected true or false');
    return value;
  },
};

function demand(good, place, problem) {
  if (!good) throw invalid(place || 'body', problem);
}

function fromText({ type }, value) {
  return type === 'integer' && /^\d{1,9}$/.test(value) ? Number(value) : value;
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const under = (place, key) => (place ? `${place}.${clipped(key)}` : clipped(key));
const clipped = (key) => (key.length > 60 ? `${key.slice(0, 60)}…` : key);
