import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFigures } from '../../custom_functions/recommender/lib/figures.js';

test('requests, refusals and failures are counted by route, with their times', () => {
  let now = 0;
  const figures = createFigures(() => now);
  for (let i = 1; i <= 99; i++) figures.record('search', 200, 2);
  figures.record('search', 400, 2);
  figures.record('search', 500, 50);
  figures.record('search', 503, 2);
  figures.record('health', 200, 0);
  now = 61_400;
  const { uptime, routes } = figures.read();
  assert.equal(uptime, 61);
  assert.equal(figures.since, '1970-01-01T00:00:00.000Z');
  assert.deepEqual(Object.keys(routes), ['search', 'health']);
  const { requests, refused, failed, unavailable, p50, p99 } = routes.search;
  assert.deepEqual([requests, refused, failed, unavailable], [102, 1, 1, 1]);
  assert.ok(Math.abs(p50 - 2) < 0.01 && p99 >= 1.99);
});
