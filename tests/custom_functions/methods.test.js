import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRefusal } from '../../custom_functions/recommender/http/methods.js';

const refusal = createRefusal([
  { method: 'POST', url: '/recommend' },
  { method: 'GET', url: '/songs' },
  { method: 'GET', url: '/songs/:id' },
  { method: 'GET', url: '/' },
  { method: 'GET', url: '/ui/*' },
]);

for (const [method, path, status, allow] of [
  ['GET', '/recommend', 405, 'POST'],
  ['DELETE', '/recommend/', 405, 'POST'],
  ['POST', '/songs', 405, 'GET, HEAD'],
  ['PUT', '/songs/x', 405, 'GET, HEAD'],
  ['POST', '', 405, 'GET, HEAD'],
  ['POST', '/', 405, 'GET, HEAD'],
  ['POST', '/ui/assets/a.js', 405, 'GET, HEAD'],
  ['GET', '/songs/x/y', 404],
  ['GET', '/nowhere', 404],
  ['POST', '/recommendations', 404],
  // The router found it too long.
  ['GET', '/songs/xxxxxxxx', 404],
  ['HEAD', '/songs/xxxxxxxx', 404],
]) {
  test(`${method} ${path || 'the project itself'} is ${status}`, () => {
    const error = refusal(method, path);
    assert.equal(error.statusCode, status);
    assert.equal(error.headers.allow, allow);
  });
}
