import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import {
  ApiError,
  Unreachable,
  createClient,
  newEvent,
  newSession,
} from '../../clients/javascript/client.js';
import { secondsOf, waitBefore } from '../../clients/javascript/retries.js';
import { PREFIX, compilerOf, site } from '../custom_functions/described_site.js';

const QUICK = { most: 3, backoff: 0.001 };

const exampleOf = ({ requestBody, parameters }) =>
  requestBody
    ? requestBody.content['application/json'].example
    : Object.fromEntries(parameters.map(({ name, example }) => [name, example]));

function assertSent({ path: address, method = 'GET', body }, operation, example) {
  const [path, query] = address.split('?');
  assert.equal(method, operation.method.toUpperCase());
  assert.equal(path, operation.path.replace('{id}', encodeURIComponent(example.id)));
  const asked = operation.parameters.filter((one) => one.in === 'query');
  assert.deepEqual(
    Object.fromEntries(new URLSearchParams(query)),
    Object.fromEntries(asked.map(({ name }) => [name, String(example[name])])),
  );
  assert.deepEqual(body && JSON.parse(body), operation.requestBody && example);
}

describe('on the routes', () => {
  let here;
  let description;
  let client;
  let operations;
  const sent = [];

  before(async () => {
    here = await site();
    const address = await here.app.listen({ port: 0, host: '127.0.0.1' });
    const keeping = (url, options) => {
      sent.push({ path: url.slice(`${address}${PREFIX}`.length), ...options });
      return fetch(url, options);
    };
    client = createClient(`${address}${PREFIX}`, { send: keeping });
    description = await client.openapi();
    operations = Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
    );
  });
  after(() => here.app.close());

  test('there is a method for each operation', () => {
    const names = operations.map(({ operationId }) => operationId);
    assert.deepEqual(Object.keys(client).sort(), names.sort());
  });

  test('each method sends the example of its operation as it is described, and reads the answer', async () => {
    const compile = compilerOf(description);
    for (const operation of operations) {
      const { operationId, requestBody, parameters, responses } = operation;
      const example = exampleOf(operation);
      sent.length = 0;
      const takesNone = !requestBody && !parameters.length;
      const answer = await (takesNone ? client[operationId]() : client[operationId](example));
      assertSent(sent.at(-1), operation, example);

      const { schema } = (responses[200] ?? responses[202]).content['application/json'];
      const isValid = compile(schema);
      const whole = operationId === 'search' ? { songs: answer } : answer;
      assert.ok(isValid(whole), `${operationId}: ${JSON.stringify(isValid.errors)}`);
    }
  });

  test('events that it makes are accepted once', async () => {
    const session = newSession();
    const { recommendations, answer } = await client.recommend({ favourites: ['song-0'], session });
    const events = [
      newEvent('view', { answer, position: 3 }),
      newEvent('click', { answer, item: recommendations[1].id, position: 2 }),
      newEvent('like', { item: 'song-0' }),
    ];
    assert.deepEqual(await client.events({ session, events }), {
      accepted: 3,
      duplicates: 0,
      refused: [],
    });
    assert.equal((await client.events({ session, events })).duplicates, 3);
  });

  test('an error names its code and its field', async () => {
    await assert.rejects(client.recommend({ favourites: [] }), (error) => {
      assert.ok(error instanceof ApiError);
      assert.deepEqual([error.status, error.code], [400, 'invalid_request']);
      return /^favourites: /.test(error.message);
    });
    await assert.rejects(client.item({ id: 'a/b?' }), { status: 404, code: 'unknown_item' });
  });
});

test('health says why there is no model', async () => {
  const here = await site({ deployed: false });
  const address = await here.app.listen({ port: 0, host: '127.0.0.1' });
  const { status } = await createClient(`${address}${PREFIX}/`).health();
  assert.equal(status, 'no model');
  await here.app.close();
});

describe('on a server in trouble', () => {
  let http;
  let answers;
  let bodies;
  let address;

  before(async () => {
    http = createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      bodies.push(String(Buffer.concat(chunks)));
      const [status, body, headers = {}] = answers.shift() ?? [];
      if (!status) return; // never answers
      response.writeHead(status, headers);
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
    await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${http.address().port}/p`;
  });
  after(() => {
    http.closeAllConnections();
    http.close();
  });

  const clientFor = (scripted, options) => {
    answers = scripted;
    bodies = [];
    return createClient(address, { retries: QUICK, collection: 'songs', ...options });
  };
  const busy = { statusCode: 503, code: 'overloaded', message: 'busy' };

  for (const status of [429, 502, 503, 504]) {
    test(`it asks again after ${status}`, async () => {
      const client = clientFor([
        [status, busy, { 'retry-after': '0' }],
        [status, '<html>'],
        [202, { accepted: 1 }],
      ]);
      const events = [newEvent('like', { item: 'a' })];
      assert.deepEqual(await client.events({ session: 's', events }), { accepted: 1 });
      assert.equal(bodies.length, 3);
      assert.equal(new Set(bodies).size, 1);
    });
  }

  test('its retries end', async () => {
    const client = clientFor(Array(9).fill([503, busy]));
    await assert.rejects(client.model(), { status: 503, code: 'overloaded', message: 'busy' });
    assert.equal(bodies.length, 4);
  });

  test('it does not wait for a server that asks for too long', async () => {
    const client = clientFor([[429, busy, { 'retry-after': '3600' }]]);
    await assert.rejects(client.model(), { status: 429, retryAfter: 3600 });
    assert.equal(bodies.length, 1);
  });

  test('a refused request is not sent again, and what is not JSON is an error', async () => {
    const client = clientFor([
      [400, { code: 'invalid_request', message: 'limit: expected' }],
      [200, '<html>a captive portal</html>'],
    ]);
    await assert.rejects(client.model(), { status: 400, code: 'invalid_request' });
    await assert.rejects(client.model(), { status: 200, code: 'not_json' });
    assert.equal(bodies.length, 2);
  });

  test('a timeout and a refused connection are unreachable', async () => {
    const client = clientFor([], { timeout: 0.05, retries: { most: 0 } });
    await assert.rejects(client.model(), Unreachable);
    const nobody = createClient('http://127.0.0.1:9/p', { retries: { most: 0 } });
    await assert.rejects(nobody.model(), Unreachable);
  });

  test('a request that is aborted is not sent again, not even from a pause', async () => {
    const controller = new AbortController();
    const client = clientFor([[503, busy, { 'retry-after': '20' }]]);
    const asked = client.model({ signal: controller.signal });
    while (!bodies.length) await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort();
    await assert.rejects(asked, { name: 'AbortError' });
    assert.equal(bodies.length, 1);
  });
});

test('waits grow, differ, and are as long as the server asks for', () => {
  const retries = { most: 5, backoff: 1, longestWait: 6 };
  for (const [retry, longest] of [1, 2, 4, 6, 6].entries()) {
    const waits = Array.from({ length: 200 }, () => waitBefore(retry, undefined, retries));
    assert.ok(Math.min(...waits) >= longest / 2 && Math.max(...waits) <= longest);
    assert.ok(Math.min(...waits) < Math.max(...waits));
  }
  assert.equal(waitBefore(5, undefined, retries), undefined);
  assert.equal(waitBefore(0, 7), 7);
  assert.equal(waitBefore(0, 7, retries), undefined);
});

test('Retry-After is seconds or a date', () => {
  for (const [header, seconds] of [
    [null, undefined],
    ['7', 7],
    ['-1', 0],
    ['soon', undefined],
    [new Date(0).toUTCString(), 0],
  ]) {
    assert.equal(secondsOf(header), seconds, header);
  }
  const wait = secondsOf(new Date(Date.now() + 3_600_000).toUTCString());
  assert.ok(wait > 3500 && wait <= 3600);
});
