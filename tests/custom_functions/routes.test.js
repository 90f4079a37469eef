import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fastify from './fastify.js';
import { recommenderRoutes } from '../../custom_functions/recommender/http/routes.js';
import { backendFigures } from '../../custom_functions/recommender/lib/graph.js';
import { fakeDatabase, point, push } from './fake_harper.js';
import { DOMAINS, toyBundle } from './toy_bundle.js';
import { WASM_FOLDER, keepingLog, until } from './toy_model.js';

async function start(domain, { prepare = () => {}, ...options } = {}) {
  const database = fakeDatabase();
  const log = keepingLog();
  // As HarperDB makes it.
  const app = fastify({ ignoreTrailingSlash: true, maxParamLength: 1000 });
  prepare(app);
  await app.register(recommenderRoutes, {
    prefix: `/${domain.project}`,
    database,
    settings: { project: domain.project, collection: domain.name, code: 'c0de' },
    wasmFolder: WASM_FOLDER,
    node: { name: 'node-1', worker: 0, workers: 2 },
    log,
    isReader: ({ headers }) => headers['x-test-login'] === 'yes',
    ...options,
  });
  await app.ready();
  const ask = async (method, path, payload, headers) => {
    const response = await app.inject({
      method,
      url: `/${domain.project}/${path}`,
      payload,
      headers,
    });
    return { status: response.statusCode, headers: response.headers, body: response.json() };
  };
  return {
    app,
    database,
    log,
    ask,
    get: (path, headers) => ask('GET', path, undefined, headers),
    post: (payload, headers) => ask('POST', 'recommend', payload, headers),
  };
}

const LOGGED_IN = { 'x-test-login': 'yes' };

for (const domain of DOMAINS) {
  describe(`${domain.name}: routes`, () => {
    const bundle = toyBundle({ domain, editions: { paperback: 1, 'large-print': 2 } });
    const { version } = bundle.manifest;
    const [first, second, third] = bundle.ids;
    let server;

    before(async () => {
      server = await start(domain);
      push(server.database, bundle);
      server.database.items.delete(third);
      // Left by an older catalogue, in which this edition stood for the work.
      server.database.items.put({ id: 'paperback', title: `Title 77 of ${domain.name}` });
      point(server.database, version, { at: 'then', by: 'ann' });
      await until(async () => (await server.get('health')).status === 200);
    });
    after(() => server.app.close());

    test('recommends with what is shown of each item', async () => {
      const { status, body } = await server.post({ favourites: [first, 'nobody'], limit: 39 });
      assert.equal(status, 200);
      assert.equal(body.model, version);
      assert.equal(body.strategy, 'rich');
      assert.deepEqual(body.unknown, ['nobody']);
      assert.equal(body.recommendations.length, 39);
      const one = body.recommendations.find(({ id }) => id === second);
      assert.deepEqual(Object.keys(one).sort(), ['id', 'title', domain.creator, 'score'].sort());
      assert.equal(one[domain.creator], 'Maker 1');
      const bare = body.recommendations.find(({ id }) => id === third);
      assert.equal(bare.title, third);
    });

    test('explains and varies when asked to', async () => {
      const { body } = await server.post({
        favourites: [first, second],
        explain: true,
        diversity: 0.5,
      });
      assert.equal(body.recommendations.length, 10);
      assert.deepEqual(
        new Set(body.recommendations[0].because.map(({ id }) => id)),
        new Set([first, second]),
      );
      assert.ok(body.recommendations.every(({ because }) => because[0].share > 0));
    });

    test('recommends what is popular when no favourite is known, and says so', async () => {
      const { body } = await server.post({ favourites: ['x'], exclude: [first], limit: 2 });
      assert.equal(body.strategy, 'popular');
      assert.deepEqual(
        body.recommendations.map(({ id }) => id),
        [second, third],
      );
      assert.ok(body.recommendations[0].score > body.recommendations[1].score);
    });

    test('searches by beginnings of words, popular first', async () => {
      const { status, body } = await server.get(
        `${domain.name}?q=${encodeURIComponent('MAKÉR titl')}&limit=3`,
      );
      assert.equal(status, 200);
      assert.deepEqual(Object.keys(body), [domain.name]);
      assert.deepEqual(
        body[domain.name].map(({ id }) => id),
        [first, second, bundle.ids[3]],
      );
      assert.deepEqual(body[domain.name][0], {
        id: first,
        title: `Title 0 of ${domain.name}`,
        [domain.creator]: 'Maker 0',
      });
    });

    test('gives the most popular where nothing was typed', async () => {
      const { body } = await server.get(`${domain.name}?q=&limit=2`);
      assert.deepEqual(
        body[domain.name].map(({ id }) => id),
        [first, second],
      );
      assert.equal((await server.get(domain.name)).body[domain.name].length, 10);
    });

    test('answers an item with all that is known of it', async () => {
      const { status, body } = await server.get(`${domain.name}/${second}`);
      assert.equal(status, 200);
      assert.equal(body.year, 1961);
      assert.equal(body.known, true);
      assert.equal((await server.get(`${domain.name}/${third}`)).body.title, third);
    });

    test('answers another edition’s id with the work', async () => {
      const work = await server.get(`${domain.name}/${second}`);
      assert.deepEqual((await server.get(`${domain.name}/paperback`)).body, work.body);
      const bare = await server.get(`${domain.name}/large-print`);
      assert.deepEqual([bare.body.id, bare.body.title], [third, third]);
      assert.deepEqual((await server.get(`${domain.name}?q=77`)).body[domain.name], []);
    });

    test('takes another edition’s id for the work, as a favourite and as an exclusion', async () => {
      const { body: work } = await server.post({ favourites: [second], exclude: [third] });
      const { body } = await server.post({
        favourites: ['paperback', second],
        exclude: ['large-print'],
      });
      assert.deepEqual(body, work);
      assert.deepEqual(body.unknown, []);
    });

    test(`answers 404 for a ${domain.item} nobody knows`, async () => {
      for (const odd of ['nobody', '__proto__', 'constructor', '%F0%9F%92%94', '..%2Fmodels']) {
        const { status, body } = await server.get(`${domain.name}/${odd}`);
        assert.equal(status, 404, odd);
        assert.equal(body.code, 'unknown_item');
        assert.match(body.message, new RegExp(domain.item));
      }
    });

    test('answers what the model is, and to a reader who made it current', async () => {
      const { body } = await server.get('model');
      assert.equal(body.version, version);
      assert.deepEqual(body.current, { at: 'then' });
      const { body: read } = await server.get('model', LOGGED_IN);
      assert.deepEqual(read.current, { at: 'then', by: 'ann' });
      assert.equal(body.labels.items, domain.name);
      assert.equal(body.metrics.rows[0]['ndcg@20'], 0.5);
    });

    test('is healthy', async () => {
      const { status, body, headers } = await server.get('health');
      assert.equal(status, 200);
      assert.equal(headers['cache-control'], 'no-store');
      const { since, search, ...rest } = body;
      assert.ok(Date.parse(since) > 0);
      assert.deepEqual(search, { status: 'ready', missing: 1 });
      assert.deepEqual(rest, {
        status: 'ok',
        model: version,
        items: 40,
        strategy: 'rich',
        backend: 'wasm',
        project: domain.project,
        component: 'c0de',
        worker: 0,
        workers: 2,
      });
    });

    test('answers public figures to strangers, and those of the node to a reader', async () => {
      const { status, body } = await server.get('stats');
      assert.equal(status, 200);
      assert.deepEqual(body.versions, [
        { version, created: bundle.manifest.created, current: true },
      ]);
      assert.ok(body.routes.recommend.requests >= 3);
      assert.equal(body.model, version);
      assert.deepEqual([body.node, body.runtime], [undefined, undefined]);
      assert.doesNotMatch(JSON.stringify(body), new RegExp(`node-1|${process.version}`));
      const { body: read } = await server.get('stats', LOGGED_IN);
      assert.deepEqual([read.node, read.runtime.node], ['node-1', process.version]);
      assert.ok(read.runtime.rss > 0);
      assert.equal((await server.get('health', LOGGED_IN)).body.node, 'node-1');
    });

    const good = { favourites: [first] };
    for (const [what, payload, field] of [
      ['no body', undefined, 'body'],
      ['a list', [], 'body'],
      ['no favourites', {}, 'favourites'],
      ['empty favourites', { favourites: [] }, 'favourites'],
      ['eleven favourites', { favourites: Array(11).fill(first) }, 'favourites'],
      ['a number for an id', { favourites: [77777] }, 'favourites[0]'],
      ['an object for an id', { favourites: [first, { $: 1 }] }, 'favourites[1]'],
      ['an empty id', { favourites: [''] }, 'favourites[0]'],
      ['an id without an end', { favourites: ['x'.repeat(101)] }, 'favourites[0]'],
      ['a limit of 0', { ...good, limit: 0 }, 'limit'],
      ['a limit of 101', { ...good, limit: 101 }, 'limit'],
      ['a broken limit', { ...good, limit: 2.5 }, 'limit'],
      ['a limit in words', { ...good, limit: '10' }, 'limit'],
      ['1001 exclusions', { ...good, exclude: Array(1001).fill('x') }, 'exclude'],
      ['null exclusions', { ...good, exclude: null }, 'exclude'],
      ['a strategy nobody has', { ...good, strategy: 'constructor' }, 'strategy'],
      ['a strategy that is no text', { ...good, strategy: ['rich'] }, 'strategy'],
      ['explain in words', { ...good, explain: 'yes' }, 'explain'],
      ['too much diversity', { ...good, diversity: 1.5 }, 'diversity'],
      ['too much novelty', { ...good, novelty: -0.1 }, 'novelty'],
      ['an operation', { ...good, operation: 'drop_schema' }, 'operation'],
      ['a user', { ...good, hdb_user: { role: 'super_user' } }, 'hdb_user'],
    ]) {
      test(`answers 400 to ${what} and names the field`, async () => {
        const { status, body } = await server.post(payload);
        assert.equal(status, 400);
        assert.deepEqual(Object.keys(body), ['statusCode', 'code', 'message']);
        assert.equal(body.statusCode, 400);
        assert.ok(body.message.startsWith(`${field}:`), body.message);
      });
    }

    for (const [path, field] of [
      [`${domain.name}?q=a&limit=0`, 'limit'],
      [`${domain.name}?q=a&limit=1.5`, 'limit'],
      [`${domain.name}?q=a&limit=ten`, 'limit'],
      [`${domain.name}?q=a&limit=5&limit=6`, 'limit'],
      [`${domain.name}?q=a&q=b`, 'q'],
      [`${domain.name}?q=${'x'.repeat(201)}`, 'q'],
      [`${domain.name}?sql=1`, 'sql'],
      ['model?version=other', 'version'],
      ['health?x=1', 'x'],
    ]) {
      test(`answers 400 to GET ${path.slice(0, 40)} and names the field`, async () => {
        const { status, body } = await server.get(path);
        assert.equal(status, 400);
        assert.ok(body.message.startsWith(`${field}:`), body.message);
      });
    }

    for (const [what, payload, headers, status, code] of [
      [
        'JSON cut short',
        '{"favourites":',
        { 'content-type': 'application/json' },
        400,
        'invalid_json',
      ],
      ['an empty body', '', { 'content-type': 'application/json' }, 400, 'invalid_json'],
      [
        'JSON that pollutes',
        '{"__proto__":{"a":1},"favourites":["x"]}',
        { 'content-type': 'application/json' },
        400,
        'invalid_json',
      ],
      [
        'a form',
        'favourites=x',
        { 'content-type': 'application/x-www-form-urlencoded' },
        415,
        'unsupported_media_type',
      ],
      [
        'plain text',
        '{"favourites":["x"]}',
        { 'content-type': 'text/plain' },
        415,
        'unsupported_media_type',
      ],
      [
        'JSON in capitals and with a character set',
        '{"favourites":',
        { 'content-type': 'APPLICATION/JSON; charset=UTF-8' },
        400,
        'invalid_json',
      ],
      [
        'a constructor that pollutes',
        '{"constructor":{"prototype":{"a":1}},"favourites":["x"]}',
        { 'content-type': 'application/json' },
        400,
        'invalid_json',
      ],
      [
        'a compressed body',
        gzipSync('{"favourites":["x"]}'),
        { 'content-type': 'application/json', 'content-encoding': 'gzip' },
        415,
        'unsupported_encoding',
      ],
      [
        'a body without a type',
        '{"favourites":["x"]}',
        { 'content-type': '' },
        415,
        'unsupported_media_type',
      ],
      [
        'two megabytes',
        JSON.stringify({ favourites: ['x'.repeat(2e6)] }),
        { 'content-type': 'application/json' },
        413,
        'too_large',
      ],
    ]) {
      test(`answers ${status} to ${what}`, async () => {
        const { status: got, body } = await server.post(payload, headers);
        assert.equal(got, status);
        assert.deepEqual([body.statusCode, body.code], [status, code]);
      });
    }

    test('answers a bare 500 to what nobody planned, and logs the detail', async () => {
      server.database.items.failure = new Error('/secret/path is full');
      const { status, body } = await server.get(`${domain.name}/${second}`);
      server.database.items.failure = undefined;
      assert.deepEqual([status, body.code], [500, 'internal']);
      assert.doesNotMatch(JSON.stringify(body), /secret/);
      assert.match(String(server.log.lines.at(-1).detail), /secret/);
    });

    test('leaves no tensor behind after two hundred requests', async () => {
      const before = backendFigures().tensors;
      for (let i = 0; i < 200; i++)
        await server.post({ ...good, explain: i % 2 === 0, diversity: (i % 3) / 2 });
      assert.equal(backendFigures().tensors, before);
    });
  });
}

test('a request is bounded by the manifest of the model that answers', async () => {
  const server = await start(DOMAINS[0]);
  const usual = toyBundle();
  const narrow = toyBundle({ manifest: { version: 'narrow', requests: { limit: 5, exclude: 2 } } });
  const messages = async (...requests) => {
    const answers = [];
    for (const more of requests) {
      const { status, body } = await server.post({ favourites: [usual.ids[0]], ...more });
      answers.push(status === 200 ? body.recommendations.length : body.message);
    }
    return answers;
  };
  const wide = [{ limit: 6 }, { exclude: ['a', 'b', 'c'] }];
  push(server.database, usual);
  point(server.database, usual.manifest.version);
  await until(async () => (await server.get('health')).body.model === usual.manifest.version);
  assert.deepEqual(await messages(...wide), [6, 10]);
  assert.deepEqual((await server.get('model')).body.requests, {
    favourites: 10,
    limit: 100,
    exclude: 1000,
  });
  push(server.database, narrow);
  point(server.database, 'narrow');
  await until(async () => (await server.get('health')).body.model === 'narrow');
  assert.deepEqual(await messages(...wide, { limit: 5 }), [
    'limit: expected a whole number from 1 to 5',
    'exclude: expected a list of 0 to 2',
    5,
  ]);
  await server.app.close();
});

test('no load starts, and no pointer is read, inside a request', async () => {
  const requests = new AsyncLocalStorage();
  const server = await start(DOMAINS[0], {
    prepare: (app) =>
      app.addHook('onRequest', (request, reply, done) => requests.run(request, done)),
  });
  const inside = [];
  for (const [table, method] of [
    ['current', 'get'],
    ['models', 'get'],
    ['items', 'search'],
    ['items', 'get'],
  ]) {
    const own = server.database[table][method].bind(server.database[table]);
    server.database[table][method] = (...args) => {
      const isPointer = ['current', 'candidate', 'experiment'].includes(args[0]);
      const what = table === 'current' && !isPointer ? `the row ${args[0]}` : `${table}.${method}`;
      if (requests.getStore()) inside.push(what);
      return own(...args);
    };
  }
  for (const seed of [1, 2]) {
    const bundle = toyBundle({ seed });
    push(server.database, bundle);
    point(server.database, bundle.manifest.version);
    const answers = async () => (await server.post({ favourites: ['song-1'] })).body.model;
    await until(async () => (await answers()) === bundle.manifest.version);
    for (const path of ['songs?q=a', 'songs/song-1', 'model', 'health']) await server.get(path);
  }
  // Rows of items are what requests read, and GET model what the loop did and experiments found.
  const read = ['items.get', 'the row experiments', 'the row rounds'];
  assert.deepEqual([...new Set(inside)].sort(), read);
  await server.app.close();
});

describe('a node without a model', () => {
  test('answers 503 with the reason, everywhere', async () => {
    const server = await start(DOMAINS[0]);
    for (const path of ['songs?q=a', 'songs/x', 'model', 'health']) {
      const { status, body, headers } = await server.get(path);
      assert.equal(status, 503, path);
      assert.deepEqual([body.statusCode, body.code], [503, 'no_model']);
      assert.match(body.message, /No model has been deployed yet/);
      assert.equal(headers['retry-after'], '1');
    }
    assert.equal((await server.post({ favourites: ['x'] })).status, 503);
    const { status, body } = await server.get('stats');
    assert.equal(status, 200);
    const { health, recommend } = body.routes;
    assert.deepEqual([health.failed, health.unavailable], [0, 1]);
    assert.deepEqual([recommend.failed, recommend.unavailable], [0, 1]);
    await server.app.close();
  });

  test('says in its health who it is, what was refused and why', async () => {
    const server = await start(DOMAINS[0]);
    const bundle = toyBundle({ manifest: { format: 2 } });
    push(server.database, bundle);
    point(server.database, bundle.manifest.version);
    await until(async () => (await server.get('health')).body.refused);
    const { status, body } = await server.get('health');
    assert.equal(status, 503);
    assert.equal(body.component, 'c0de');
    assert.equal(body.model, null);
    assert.equal(body.refused.version, bundle.manifest.version);
    assert.match(body.refused.reason, /format 2/);
    assert.match(body.reason, /refused/);
    await server.app.close();
  });

  test('tells of a candidate before anything is current', async () => {
    const server = await start(DOMAINS[0]);
    const bundle = toyBundle();
    push(server.database, bundle);
    point(server.database, bundle.manifest.version, { id: 'candidate' });
    await until(async () => (await server.get('health')).body.candidate?.state === 'ready');
    assert.equal((await server.get('health')).status, 503);
    point(server.database, bundle.manifest.version);
    await until(async () => (await server.get('health')).body.model === bundle.manifest.version);
    await server.app.close();
  });

  test('closing frees everything', async () => {
    const before = backendFigures().tensors;
    const server = await start(DOMAINS[0]);
    const bundle = toyBundle();
    push(server.database, bundle);
    point(server.database, bundle.manifest.version);
    await until(async () => (await server.get('health')).status === 200);
    assert.ok(backendFigures().tensors > before);
    await server.app.close();
    assert.equal(backendFigures().tensors, before);
  });
});
