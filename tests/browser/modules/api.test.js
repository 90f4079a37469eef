import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  ApiError,
  Unreachable,
  createApi,
} from '../../../custom_functions/recommender/ui/src/api.js';

const base = new URL('http://node/song-recommender/');
const answering = (status, body) => createApi(base, async () => new Response(body, { status }));

it('asks below the address it was given', async () => {
  const asked = [];
  const api = createApi(base, async (url, { method = 'GET', body }) => {
    asked.push([method, url.href, body]);
    return new Response('{"songs": []}');
  });
  await api.search('songs', 'a&b', { limit: 3 });
  await api.item('songs', 'a/b?c');
  await api.recommend({ favourites: ['a'] });
  assert.deepEqual(asked, [
    ['GET', 'http://node/song-recommender/songs?q=a%26b&limit=3', undefined],
    ['GET', 'http://node/song-recommender/songs/a%2Fb%3Fc', undefined],
    ['POST', 'http://node/song-recommender/recommend', '{"favourites":["a"]}'],
  ]);
});

it('gives a refusal with status, code and the words of the server', async () => {
  const api = answering(400, '{"statusCode":400,"code":"invalid_request","message":"limit: no"}');
  await assert.rejects(api.model(), (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual(
      [error.status, error.code, error.message],
      [400, 'invalid_request', 'limit: no'],
    );
    return true;
  });
});

it('tells a server that is away from one that refuses', async () => {
  await assert.rejects(createApi(base, () => Promise.reject(new TypeError())).model(), Unreachable);
  await assert.rejects(answering(502, '<h1>Bad gateway</h1>').model(), Unreachable);
  await assert.rejects(answering(500, '<h1>Oops</h1>').model(), ApiError);
  await assert.rejects(answering(200, '<h1>Oops</h1>').model(), ApiError);
});

it('leaves the caller’s own abort an abort', async () => {
  const caller = new AbortController();
  const api = createApi(base, async (url, { signal }) => {
    caller.abort();
    signal.throwIfAborted();
  });
  await assert.rejects(api.model({ signal: caller.signal }), { name: 'AbortError' });
});

it('says when a server wants to be asked again', async () => {
  const busy = (headers) =>
    createApi(base, async () => new Response('{}', { status: 429, headers })).events({});
  await assert.rejects(busy({ 'retry-after': '30' }), { status: 429, retryAfter: 30 });
  await assert.rejects(busy({}), { status: 429, retryAfter: undefined });
});

it('lets the browser send the last events, as JSON, or does so itself', async (t) => {
  const beacons = [];
  const sent = [];
  let isFull = false;
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  t.after(() => before && Object.defineProperty(globalThis, 'navigator', before));
  const sendBeacon = (url, body) => !isFull && beacons.push([url.href, body]) > 0;
  const browser = { sendBeacon };
  Object.defineProperty(globalThis, 'navigator', { value: browser, configurable: true });
  const api = createApi(base, async (url, options) => sent.push([url.href, options]));
  const batch = { session: 's', events: [] };

  api.eventsAtEnd(batch);
  const [[address, blob]] = beacons;
  assert.equal(address, 'http://node/song-recommender/events');
  assert.equal(blob.type, 'application/json');
  assert.deepEqual(JSON.parse(await blob.text()), batch);
  assert.deepEqual(sent, []);

  isFull = true;
  api.eventsAtEnd(batch);
  delete browser.sendBeacon;
  api.eventsAtEnd(batch);
  assert.equal(sent.length, 2);
  for (const [url, { method, headers, body, keepalive }] of sent) {
    assert.equal(url, address);
    assert.deepEqual([method, keepalive], ['POST', true]);
    assert.equal(headers['content-type'], 'application/json');
    assert.deepEqual(JSON.parse(body), batch);
  }
});
