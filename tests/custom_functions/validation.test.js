import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileValidator } from '../../custom_functions/recommender/http/validation.js';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['list'],
  properties: {
    list: {
      type: 'array',
      minItems: 1,
      maxItems: 2,
      items: { type: 'string', minLength: 1, maxLength: 3 },
    },
    count: { type: 'integer', minimum: 1, maximum: 9, default: 5 },
    share: { type: 'number', minimum: 0, maximum: 1 },
    flag: { type: 'boolean', default: false },
  },
};
const body = compileValidator({ schema: SCHEMA, httpPart: 'body' });
const problem = (data, validate = body) => validate(data).error?.message;

test('what fits is taken, with the defaults of what is missing', () => {
  assert.deepEqual(body({ list: ['a'] }).value, {
    list: ['a'],
    count: 5,
    flag: false,
  });
  assert.deepEqual(body({ list: ['a'], count: 9, share: 1, flag: true }).value.count, 9);
});

for (const [data, message] of [
  [undefined, 'body: expected a JSON object'],
  [null, 'body: expected a JSON object'],
  ['{}', 'body: expected a JSON object'],
  [[], 'body: expected a JSON object'],
  [{}, 'list: is missing'],
  [{ list: 'a' }, 'list: expected a list of 1 to 2'],
  [{ list: {} }, 'list: expected a list of 1 to 2'],
  [{ list: [] }, 'list: expected a list of 1 to 2'],
  [{ list: ['a', 'b', 'c'] }, 'list: expected a list of 1 to 2'],
  [{ list: ['a', 7] }, 'list[1]: expected a text of 1 to 3 characters'],
  [{ list: [''] }, 'list[0]: expected a text of 1 to 3 characters'],
  [{ list: ['abcd'] }, 'list[0]: expected a text of 1 to 3 characters'],
  [{ list: [null] }, 'list[0]: expected a text of 1 to 3 characters'],
  [{ list: ['a'], count: '5' }, 'count: expected a whole number from 1 to 9'],
  [{ list: ['a'], count: 1.5 }, 'count: expected a whole number from 1 to 9'],
  [{ list: ['a'], count: 0 }, 'count: expected a whole number from 1 to 9'],
  [{ list: ['a'], count: null }, 'count: expected a whole number from 1 to 9'],
  [{ list: ['a'], count: 5n }, 'count: expected a whole number from 1 to 9'],
  [{ list: ['a'], share: NaN }, 'share: expected a number from 0 to 1'],
  [{ list: ['a'], share: 1.01 }, 'share: expected a number from 0 to 1'],
  [{ list: ['a'], share: true }, 'share: expected a number from 0 to 1'],
  [{ list: ['a'], flag: 'true' }, 'flag: expected true or false'],
  [{ list: ['a'], flag: 1 }, 'flag: expected true or false'],
  [{ list: ['a'], operation: 'drop' }, 'operation: there is no such field'],
  [{ list: ['a'], constructor: {} }, 'constructor: there is no such field'],
  [JSON.parse('{"list":["a"],"__proto__":{"x":1}}'), '__proto__: there is no such field'],
]) {
  test(`${message} (${JSON.stringify(data, (_, v) => (typeof v === 'bigint' ? `${v}n` : v))})`, () => {
    assert.equal(problem(data), message);
  });
}

test('a field name of ten thousand characters is not echoed whole', () => {
  assert.ok(problem({ list: ['a'], ['x'.repeat(10_000)]: 1 }).length < 120);
});

test('in an address, digits are a number and nothing else is', () => {
  const { count } = SCHEMA.properties;
  const schema = { type: 'object', additionalProperties: false, properties: { count } };
  const address = compileValidator({ schema, httpPart: 'querystring' });
  assert.equal(address({ count: '7' }).value.count, 7);
  for (const odd of ['', '7.0', '7e0', ' 7', '-1', '0x7', '٧', '7'.repeat(40), ['7', '7']]) {
    assert.match(problem({ count: odd }, address), /^count: expected a whole number/, String(odd));
  }
});

test('a schema that is not understood, or says nothing of unknown fields, is refused', () => {
  const closed = { additionalProperties: false };
  for (const schema of [
    { ...closed, type: 'object', most: 9 },
    { ...closed, type: 'any' },
    { ...closed, properties: {} },
    { type: 'object', properties: {} },
  ]) {
    assert.throws(() => compileValidator({ schema, httpPart: 'body' }), Error);
  }
});

test('a body is as it was sent: nothing is coerced or dropped, and defaults are filled in', () => {
  const sent = { list: ['1', 'b'], share: 0.5 };
  assert.deepEqual(body(sent).value, { ...sent, count: 5, flag: false });
});
