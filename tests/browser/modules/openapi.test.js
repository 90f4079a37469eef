import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  curlOf,
  errorsOf,
  fieldsOf,
  operationsOf,
  requestFields,
  successesOf,
  wordsOf,
} from '../../../custom_functions/recommender/ui/src/openapi.js';
import { EVENT_RULES, site } from '../../custom_functions/described_site.js';

describe('of the real description', () => {
  let here;
  let document;
  let operations;
  before(async () => {
    here = await site();
    document = (await here.ask('GET', '/openapi.json')).json();
    operations = new Map(operationsOf(document).map((one) => [one.id, one]));
  });
  after(() => here.app.close());

  test('the fields of a body have their bounds and defaults', () => {
    const rows = requestFields(operations.get('recommend').operation, document);
    const fields = new Map(rows.map((row) => [row.name, row]));
    const { bounds, type, required } = fields.get('favourites');
    assert.deepEqual([bounds, type, required], ['1 to 10', 'list', true]);
    assert.deepEqual([fields.get('limit').bounds, fields.get('limit').usual], ['1 to 100', '10']);
    assert.equal(fields.get('strategy').bounds, 'rich, plain');
    assert.equal(fields.get('session').bounds, '16 to 64 characters');
    assert.equal(fields.get('diversity').bounds, '0 to 1');
  });

  test('parameters of an address are fields too', () => {
    const rows = requestFields(operations.get('search').operation, document);
    assert.deepEqual(
      rows.map(({ name, bounds }) => [name, bounds]),
      [
        ['q', '0 to 200 characters'],
        ['limit', '1 to 100'],
      ],
    );
  });

  test('fields of shared schemas, of lists and of each type of event are found', () => {
    const [[, answer]] = successesOf(operations.get('recommend').operation);
    const names = fieldsOf(answer.content['application/json'].schema, document).map(
      ({ name }) => name,
    );
    for (const name of ['recommendations[].id', 'recommendations[].because[].share'])
      assert.ok(names.includes(name), name);

    const events = requestFields(operations.get('events').operation, document);
    const own = new Map(events.map((row) => [row.name, row]));
    assert.equal(own.get('events[].type').bounds, Object.keys(EVENT_RULES.types).join(', '));
    assert.equal(own.get('events[].id').required, true);
    assert.equal(own.get('events[].item').required, false);
  });

  test('errors are listed with their codes, and none is a success', () => {
    for (const { operation } of operations.values()) {
      const errors = errorsOf(operation);
      const codes = errors.map(({ code }) => code);
      assert.ok(codes.includes('invalid_request') && codes.includes('internal'));
      assert.ok(errors.every(({ message, status }) => message && Number(status) >= 400));
      assert.equal(successesOf(operation).length, 1);
    }
  });

  test('the commands name this node, and the example', () => {
    const base = new URL('https://node-1.example/song-recommender/');
    const of = (id) => curlOf(operations.get(id), base);
    assert.equal(of('health'), `curl -s 'https://node-1.example/song-recommender/health'`);
    assert.equal(of('item'), `curl -s 'https://node-1.example/song-recommender/songs/song-0'`);
    assert.equal(
      of('search'),
      `curl -s 'https://node-1.example/song-recommender/songs?q=Title+0+of+songs&limit=2'`,
    );
    const [, body] = of('recommend').match(/ -d '([^]*)'$/);
    assert.deepEqual(JSON.parse(body).favourites, ['song-0']);
  });
});

test('a quote in an example does not end the command’s text', () => {
  const operation = { requestBody: { content: { 'application/json': { example: "it's" } } } };
  const command = curlOf({ method: 'POST', path: '/x', operation }, new URL('http://h/p/'));
  assert.ok(command.endsWith(`-d '"it'\\''s"'`), command);
});

test('backquotes mark code', () => {
  assert.deepEqual(wordsOf('Send `limit` again.'), [
    { text: 'Send ', code: false },
    { text: 'limit', code: true },
    { text: ' again.', code: false },
  ]);
});
