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
