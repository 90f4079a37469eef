import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ERRORS } from '../../custom_functions/recommender/http/error_answers.js';
import { eventsBody } from '../../custom_functions/recommender/http/events.js';
import { recommendBody } from '../../custom_functions/recommender/http/schemas.js';
import { EVENT_RULES as RULES, compilerOf, site } from './described_site.js';
import { toyBundle } from './toy_bundle.js';

const CASES = JSON.parse(readFileSync(new URL('../cases/events.json', import.meta.url), 'utf8'));
const SESSION = 'a-visitor-of-this-tab';

const documentOf = async ({ ask }) => (await ask('GET', '/openapi.json')).json();

/** @returns {{path: string, method: string, name: string, operation: object}[]} */
const operationsOf = ({ paths }) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      return { path, method: method.toUpperCase(), name: operation.operationId, operation };
    }),
  );

function assertValid(validate, value, what) {
  assert.ok(
    validate(value),
    `${what}: ${JSON.stringify(validate.errors)} ${JSON.stringify(value)}`,
  );
}

const jsonOf = ({ content }) => content['application/json'];
const sampleOf = ({ example, examples }) =>
  example === undefined ? Object.values(examples ?? {}).map(({ value }) => value) : [example];

describe('the description', () => {
  let here;
  let document;
  before(async () => {
    here = await site();
    document = await documentOf(here);
  });
  after(() => here.app.close());

  test('has every route that programs ask, and no page', () => {
    const names = operationsOf(document).map(({ method, path }) => `${method} ${path}`);
    assert.deepEqual(names.sort(), [
      'GET /health',
      'GET /metrics',
      'GET /model',
      'GET /openapi.json',
      'GET /songs',
      'GET /songs/{id}',
      'GET /stats',
      'POST /events',
      'POST /recommend',
    ]);
  });

  test('holds the schema that checks the body of recommend, with this model’s strategies', () => {
    const { schema } = jsonOf(document.paths['/recommend'].post.requestBody);
    const { enum: strategies, ...strategy } = schema.properties.strategy;
    assert.deepEqual(
      strategies,
      here.bundle.manifest.strategies.map(({ name }) => name),
    );
    const bounds = { favourites: 10, limit: 100, exclude: 1000 };
    const properties = { ...schema.properties, strategy };
    assert.deepEqual({ ...schema, properties }, recommendBody(bounds));
  });

  test('every example fits its schema', () => {
    const compile = compilerOf(document);
    let checked = 0;
    const check = (place, what) => {
      for (const value of sampleOf(place)) {
        checked++;
        assertValid(compile(place.schema), value, what);
      }
    };
    for (const { name, operation } of operationsOf(document)) {
      if (operation.requestBody) check(jsonOf(operation.requestBody), `body of ${name}`);
      for (const parameter of operation.parameters) check(parameter, `${name} ${parameter.name}`);
      for (const [status, answer] of Object.entries(operation.responses))
        if (jsonOf(answer)) check(jsonOf(answer), `${name} ${status}`);
    }
    assert.ok(checked > 60, String(checked));
  });

  test('each example of a request is answered as it is, and the answer fits its schema', async () => {
    const compile = compilerOf(document);
    for (const { path, method, name, operation } of operationsOf(document)) {
      const body = operation.requestBody && jsonOf(operation.requestBody).example;
      const named = (place) => operation.parameters.filter((one) => one.in === place);
      const address = named('path').reduce(
        (all, one) => all.replace(`{${one.name}}`, encodeURIComponent(one.example)),
        path,
      );
      const query = Object.fromEntries(
        named('query').map((one) => [one.name, String(one.example)]),
      );
      const response = await here.ask(method, address, { payload: body, query });
      const expected = name === 'events' ? 202 : 200;
      assert.equal(response.statusCode, expected, `${name}: ${response.body}`);
      const answer = operation.responses[expected];
      const [type] = response.headers['content-type'].split(';');
      assert.deepEqual(Object.keys(answer.content), [type]);
      if (jsonOf(answer)) assertValid(compile(jsonOf(answer).schema), response.json(), name);
    }
  });

  test('speaks of the catalogue’s own items', () => {
    const [first] = here.bundle.ids;
    assert.deepEqual(jsonOf(document.paths['/recommend'].post.requestBody).example.favourites, [
      first,
    ]);
    assert.equal(jsonOf(document.paths['/songs'].get.responses[200]).example.songs[0].id, first);
  });

  test('the events of the shared cases that are accepted fit the schema of their type', () => {
    const { items } = jsonOf(document.paths['/events'].post.requestBody).schema.properties.events;
    const kinds = items.anyOf.slice(0, -1).map(compilerOf(document));
    assert.equal(kinds.length, Object.keys(CASES.types).length);
    for (const { case: what, event, row } of CASES.events.filter((one) => one.row)) {
      const fitting = kinds.filter((isValid) => isValid(event));
      assert.equal(fitting.length, 1, `${what}: ${JSON.stringify(event)} ${row.type}`);
    }
  });

  test('a batch fits the described schema whenever the route takes it', () => {
    const described = jsonOf(document.paths['/events'].post.requestBody).schema;
    const { items, ...list } = described.properties.events;
    assert.deepEqual(items.anyOf.at(-1), {
      title: 'anything else',
      description: items.anyOf.at(-1).description,
    });
    const events = { ...list, items: {} };
    assert.deepEqual({ ...described, properties: { ...described.properties, events } }, eventsBody);
  });

  test('a field that is not described is refused in a batch of events', async () => {
    const payload = { session: SESSION, events: [{}], operation: 'drop' };
    const response = await here.ask('POST', '/events', { payload });
    assert.equal(response.statusCode, 400);
    assert.equal(response.json().message, 'operation: there is no such field');
  });
});

test('bounds follow the model that answers, and another model changes the description', async () => {
  const bundle = toyBundle();
  bundle.manifest.requests = { limit: 7, exclude: 9 };
  const here = await site({ bundle });
  const { properties } = jsonOf(
    (await documentOf(here)).paths['/recommend'].post.requestBody,
  ).schema;
  assert.equal(properties.limit.maximum, 7);
  assert.equal(properties.exclude.maxItems, 9);
  await here.app.close();
});

test('without a model, and with a catalogue that cannot be read, there is a description too', async () => {
  const none = await site({ deployed: false });
  const document = await documentOf(none);
  assert.equal(operationsOf(document).length, 9);
  assert.ok(
    !('enum' in jsonOf(document.paths['/recommend'].post.requestBody).schema.properties.strategy),
  );
  await none.app.close();

  const broken = await site();
  broken.database.items.failure = new Error('the disk is gone');
  assert.equal((await broken.ask('GET', '/openapi.json')).statusCode, 200);
  assert.ok(broken.log.lines.some(({ detail }) => detail === broken.database.items.failure));
  broken.database.items.failure = undefined;
  const media = jsonOf((await documentOf(broken)).paths['/songs'].get.responses[200]);
  assert.equal(media.example.songs[0].id, broken.bundle.ids[0]);
  await broken.app.close();
});

test('the table of errors is that of docs/api.md, and of all that the code raises', () => {
  const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
  const rows = page.match(/## Errors[\s\S]*/)[0].matchAll(/^\| (\d{3}(?:, \d{3})*) \| (.*) \|$/gm);
  const documented = [...rows].flatMap(([, , codes]) => codes.match(/`[a-z_]+`/g));
  const quoted = Object.keys(ERRORS).map((code) => `\`${code}\``);
  assert.deepEqual(documented.sort(), quoted.sort());

  const root = fileURLToPath(new URL('../../custom_functions/recommender', import.meta.url));
  const files = readdirSync(root, { recursive: true }).filter((path) =>
    /^(http|lib).*\.js$/.test(path),
  );
  const sources = files.map((path) => readFileSync(`${root}/${path}`, 'utf8')).join('\n');
  const raised = [...sources.matchAll(/(?:ServiceError\(|\[)\s*(\d{3}),\s*'([a-z_]+)'/g)];
  for (const [, status, code] of raised) assert.equal(ERRORS[code]?.[0], Number(status), code);
  assert.ok(new Set(raised.map(([, , code]) => code)).size >= Object.keys(ERRORS).length - 2);
});

describe('every documented error is answered', () => {
  const sites = new Map();
  const closing = [];
  after(() => Promise.all(closing.map(({ app }) => app.close())));

  /** @returns {Promise<import('./described_site.js').Site>} The same for the same name. */
  function named(name, options) {
    if (!sites.has(name)) {
      const made = site(options).then((one) => {
        closing.push(one);
        return one;
      });
      sites.set(name, made);
    }
    return sites.get(name);
  }
  const usual = () => named('usual');
  const broken = new Error('the disk is gone');

  /** A request of the operation that would be answered with 2xx. */
  const right = ({ name, path, method }, more) => {
    const payloads = {
      recommend: { favourites: ['song-0'] },
      events: {
        session: SESSION,
        events: [{ id: 'event-0001', type: 'like', item: 'song-0', at: new Date().toISOString() }],
      },
    };
    return [method, path.replace('{id}', 'song-0'), { payload: payloads[name], ...more }];
  };
  const json = { 'content-type': 'application/json' };
  const inFront = async (operation, end, next) => {
    const here = await usual();
    const [method, path] = right(operation);
    const { status, body } = await here.edge(method, `${path}${end}`, next);
    return { statusCode: status, json: () => JSON.parse(body), headers: { 'retry-after': '1' } };
  };
  const sent = async (operation, where, more) => (await where).ask(...right(operation, more));

  /** By code: sends what is answered with it. */
  const PROVOCATIONS = {
    invalid_request: (o) => sent(o, usual(), { query: { nothing: '1' } }),
    bad_address: (o) => inFront(o, '/%zz'),
    login_failed: (o) => inFront(o, '', async () => ({ status: 401, headers: [] })),
    internal: (o) =>
      inFront(o, '', async () => {
        throw broken;
      }),
    unsupported_encoding: (o) => sent(o, usual(), { headers: { 'content-encoding': 'gzip' } }),
    invalid_json: (o) => sent(o, usual(), { payload: '{', headers: json }),
    invalid_length: (o) =>
      sent(o, usual(), { payload: '{"a": 1}', headers: { ...json, 'content-length': '3' } }),
    too_large: (o) => sent(o, usual(), { payload: `"${'x'.repeat(2 ** 21)}"`, headers: json }),
    unsupported_media_type: (o) =>
      sent(o, usual(), { payload: 'x', headers: { 'content-type': 'text/plain' } }),
    unknown_strategy: (o) =>
      sent(o, usual(), { payload: { favourites: ['song-0'], strategy: 'none' } }),
    unknown_item: async () => (await usual()).ask('GET', '/songs/nobody'),
    unknown_route: async () => (await usual()).ask('GET', `/songs/${'x'.repeat(2000)}`),
    no_model: (o) => sent(o, named('no model', { deployed: false })),
    no_catalogue: (o) => {
      const prepare = (database) => (database.items.failure = broken);
      const payload = { favourites: ['song-0'], diversity: 1 };
      const more = o.name === 'recommend' ? { payload } : {};
      return sent(o, named('no catalogue', { prepare }), more);
    },
    too_many_requests: async (o) => {
      const here = await named('slow clients', { env: { RECOMMENDER_CLIENT_RATE: '0.01' } });
      await sent(o, here);
      return sent(o, here);
    },
    overloaded: async (o) => {
      const here = await named('one waiting', { env: { RECOMMENDER_MAX_WAITING: '1' } });
      const answers = await Promise.all(Array.from({ length: 30 }, () => sent(o, here)));
      return answers.find(({ statusCode }) => statusCode !== 200);
    },
    events_disabled: (o) => sent(o, named('no events', { events: null })),
    too_many_events: async (o) => {
      const here = await named('few events', { events: { ...RULES, session_per_minute: 1 } });
      await sent(o, here);
      return sent(o, here);
    },
    events_full: (o) => sent(o, named('full', { events: { ...RULES, max_rows: 0 } })),
    events_unavailable: async (o) => {
      const here = await named('no event table');
      here.database.events.failure = broken;
      return sent(o, here);
    },
  };

  test('with its status, its code and its headers', async () => {
    const document = await documentOf(await usual());
    const compile = compilerOf(document);
    const seen = new Set();
    for (const one of operationsOf(document)) {
      for (const [status, answer] of Object.entries(one.operation.responses)) {
        if (Number(status) < 400) continue;
        const { schema } = jsonOf(answer);
        const codes = schema.properties.code.enum ?? ['no_model'];
        for (const code of codes) {
          const what = `${one.name} ${status} ${code}`;
          const response = await PROVOCATIONS[code](one);
          const body = response.json();
          assert.deepEqual([response.statusCode, body.code], [Number(status), code], what);
          assertValid(compile(schema), body, what);
          if (answer.headers?.['Retry-After'])
            assert.match(response.headers['retry-after'], /^\d+$/);
          seen.add(code);
        }
      }
    }
    assert.deepEqual([...seen].sort(), Object.keys(PROVOCATIONS).sort());
  });
});
