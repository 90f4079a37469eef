import assert from 'node:assert/strict';
import { test } from 'node:test';
import { below, guardEdge } from '../../custom_functions/recommender/http/edge.js';
import { createRefusal } from '../../custom_functions/recommender/http/methods.js';
import { keepingLog } from './toy_model.js';

const FASTIFY_HAS_IT = { status: -1, headers: [] };

function guarded() {
  const listeners = {};
  const server = {
    http: (listener, options) => (listeners.http = { listener, options }),
    upgrade: (listener, options) => (listeners.upgrade = { listener, options }),
  };
  const refusal = createRefusal([{ method: 'GET', url: '/songs' }]);
  const log = keepingLog();
  const counted = [];
  const count = (code) => counted.push(code);
  guardEdge({ server, prefix: '/p', routed: ['GET', 'POST'], refusal, log, count });
  return { ...listeners, log, counted };
}

const ask = (request, response = FASTIFY_HAS_IT) =>
  guarded().http.listener({ method: 'GET', headers: new Map(), ...request }, async () => response);

test('both listeners stand before all others', () => {
  const { http, upgrade } = guarded();
  assert.deepEqual([http.options, upgrade.options], [{ runFirst: true }, { runFirst: true }]);
});

test('what is below a project is its own, and what only begins like it is not', () => {
  for (const [url, path] of [
    ['/p', ''],
    ['/p?x=1', ''],
    ['/p/', '/'],
    ['/p/songs?q=a/b', '/songs'],
    ['/page', undefined],
    ['/', undefined],
    ['*', undefined],
  ]) {
    assert.equal(below('/p', url), path, url);
  }
});

test('a request that Fastify can answer passes unchanged', async () => {
  assert.equal(await ask({ url: '/p/songs?q=%' }), FASTIFY_HAS_IT);
  assert.equal(await ask({ url: '/p/songs', method: 'POST' }), FASTIFY_HAS_IT);
});

test('nothing of another project is touched', async () => {
  for (const request of [{ url: '/q/%E0%A4%A' }, { url: '/', method: 'PURGE' }, { url: '/page' }]) {
    assert.equal(await ask(request), FASTIFY_HAS_IT);
  }
  const denied = { status: 401, headers: [], body: 'theirs' };
  assert.equal(await ask({ url: '/q/x' }, denied), denied);
});

test('an address that cannot be decoded and a method that is not routed are refused', async () => {
  for (const [request, status, code] of [
    [{ url: '/p/songs/%E0%A4%A' }, 400, 'bad_address'],
    [{ url: '/p/songs', method: 'PURGE' }, 405, 'method_not_allowed'],
    [{ url: '/p/nowhere', method: 'PURGE' }, 404, 'unknown_route'],
  ]) {
    const answer = await ask(request);
    assert.deepEqual([answer.status, JSON.parse(answer.body).code], [status, code]);
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
  }
});

test('a login that HarperDB refuses is answered in our shape, with the headers it came with', async () => {
  const theirs = [
    ['WWW-Authenticate', 'Basic'],
    ['Content-Length', '24'],
  ];
  const answer = await ask({ url: '/p/songs' }, { status: 401, headers: theirs, body: '{}' });
  assert.deepEqual(JSON.parse(answer.body), {
    statusCode: 401,
    code: 'login_failed',
    message: 'The login failed.',
  });
  assert.equal(answer.headers['WWW-Authenticate'], 'Basic');
  assert.equal(answer.headers['Content-Length'], undefined);
});

test('an upgrade is refused below the project alone', () => {
  const { listener } = guarded().upgrade;
  const written = [];
  const socket = { on: () => {}, end: (text) => written.push(text) };
  let passed = 0;
  listener({ url: '/other' }, socket, null, () => passed++);
  assert.deepEqual([written.length, passed], [0, 1]);
  listener({ url: '/p/anything' }, socket, null, () => passed++);
  assert.match(written[0], /^HTTP\/1\.1 400 Bad Request\r\n[^]*\r\n\r\n\{"statusCode":400,/);
  assert.match(written[0], /\r\nx-request-id: [0-9a-f-]{36}\r\n/);
  assert.equal(passed, 1);
});

test('HarperDB is asked for JSON, and what it throws is answered in our shape', async () => {
  const { http, log, counted } = guarded();
  const headers = new Map([['accept', 'text/html']]);
  const request = { method: 'GET', url: '/p/songs', headers };
  for (const [statusCode, code, lines] of [
    [406, 'refused', 0],
    [undefined, 'internal', 1],
  ]) {
    const answer = await http.listener(request, async () => {
      throw Object.assign(new Error('secret'), { statusCode });
    });
    assert.deepEqual([answer.status, JSON.parse(answer.body).code], [statusCode ?? 500, code]);
    assert.doesNotMatch(answer.body, /secret/);
    assert.equal(log.lines.length, lines);
    assert.match(answer.headers['x-request-id'], /^[0-9a-f-]{36}$/);
  }
  assert.equal(headers.get('accept'), 'application/json');
  assert.deepEqual(counted, ['refused', 'internal']);
});

test('the id of a request that fails before its route is in its answer and in the log', async () => {
  const { http, log } = guarded();
  const headers = new Map([['x-request-id', 'from-the-proxy']]);
  const answer = await http.listener({ method: 'GET', url: '/p/songs', headers }, async () => {
    throw new Error('out of order');
  });
  assert.equal(answer.headers['x-request-id'], 'from-the-proxy');
  assert.deepEqual(log.lines[0].more, [{ request_id: 'from-the-proxy' }]);
});
