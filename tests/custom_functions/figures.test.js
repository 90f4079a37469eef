import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFigures } from '../../custom_functions/recommender/lib/figures.js';

test('requests, refusals and failures are counted by route, with their times', () => {
  let now = 0;
  const before = Date.now();
  const figures = createFigures(() => now);
  for (let i = 1; i <= 99; i++) figures.record('search', 200, 2);
  figures.record('search', 400, 2);
  figures.record('search', 500, 50);
  figures.record('search', 503, 2);
  figures.record('health', 200, 0);
  now = 61_400;
  const { uptime, routes } = figures.read();
  assert.equal(uptime, 61);
  assert.ok(Date.parse(figures.since) >= before && Date.parse(figures.since) <= Date.now());
  assert.deepEqual(Object.keys(routes), ['search', 'health']);
  const { requests, refused, failed, unavailable, p50, p99 } = routes.search;
  assert.deepEqual([requests, refused, failed, unavailable], [102, 1, 1, 1]);
  assert.ok(Math.abs(p50 - 2) < 0.01 && p99 >= 1.99);
});

test('a clock that is set does not change the uptime', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.parse('2026-11-24') });
  const figures = createFigures();
  for (const day of ['2026-11-23', '2036-01-01']) {
    t.mock.timers.setTime(Date.parse(day));
    assert.ok(figures.read().uptime < 60);
  }
});

test('requests are counted by status, and by the bound of the latencies that they stayed within', () => {
  const figures = createFigures();
  for (const [status, milliseconds] of [
    [200, 0.5],
    [200, 1],
    [404, 1.5],
    [503, 20_000],
  ]) {
    figures.record('recommend', status, milliseconds);
  }
  const { statuses, within, milliseconds } = figures.counts().routes.get('recommend');
  assert.deepEqual(Object.fromEntries(statuses), { 200: 2, 404: 1, 503: 1 });
  assert.deepEqual(within.slice(0, 3), [2, 1, 0]);
  assert.equal(
    within.reduce((sum, count) => sum + count),
    3,
  );
  assert.equal(milliseconds, 20_003);
});

test('errors and events are counted from 0', () => {
  const figures = createFigures();
  const { errors, events } = figures.counts();
  assert.deepEqual([errors.get('overloaded'), errors.get('unknown_item')], [0, undefined]);
  figures.countError('overloaded');
  figures.countError('unknown_item');
  assert.deepEqual([errors.get('overloaded'), errors.get('unknown_item')], [1, 1]);
  figures.countEvents({ accepted: 3, duplicates: 2, refused: [{}] });
  figures.countEvents({ accepted: 1, duplicates: 0, refused: [] });
  assert.deepEqual(Object.fromEntries(events), { accepted: 4, duplicate: 2, refused: 1 });
});
