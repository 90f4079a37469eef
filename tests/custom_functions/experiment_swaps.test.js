/**
 * Experiments that begin and end under load, through the routes: each model has items of its own, so an answer that
 * mixed two would show.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import { backendFigures } from '../../custom_functions/recommender/lib/graph.js';
import { placeOf } from '../../custom_functions/recommender/lib/experiments/assignment.js';
import { site } from './described_site.js';
import { SALT, experimentRow } from './experiment_rows.js';
import { point, push } from './fake_harper.js';
import { toyBundle } from './toy_bundle.js';
import { until } from './toy_model.js';

const ROUNDS = 20;
const { project } = JSON.parse(
  readFileSync(new URL('../cases/events.json', import.meta.url), 'utf8'),
);
const lettered = (letter, seed) =>
  toyBundle({
    seed,
    ids: ['common', ...Array.from({ length: 24 }, (_, i) => `${letter}${i}`)],
    manifest: { creator: 'artist', project },
  });
const A = lettered('a', 1);
const B = lettered('b', 2);
const [a, b] = [A, B].map(({ manifest }) => manifest.version);
const letterOf = new Map([
  [a, 'a'],
  [b, 'b'],
]);

let server;
beforeEach(async () => {
  server = await site({ bundle: A, prepare: (database) => push(database, B) });
});
afterEach(() => server.app.close());

const health = async () => (await server.ask('GET', '/health')).json();
const begin = async (more) => {
  server.database.current.put(experimentRow(a, b, more));
  await until(async () => (await health()).experiment?.state === 'ready');
};
const end = async () => {
  server.database.current.delete('experiment');
  await until(async () => !(await health()).experiment);
};

async function ask(session, more = {}) {
  const payload = { favourites: ['common'], limit: 20, session, ...more };
  const response = await server.ask('POST', '/recommend', { payload });
  return { status: response.statusCode, body: response.json() };
}

function assertWhole({ status, body }) {
  assert.equal(status, 200, JSON.stringify(body));
  const letters = new Set(body.recommendations.map(({ id }) => id[0]));
  const expected = body.variant === 'interleaved' ? ['a', 'b'] : [letterOf.get(body.model)];
  assert.deepEqual([...letters].sort(), expected, JSON.stringify(body));
  assert.equal(body.recommendations.length, 20);
  assert.ok(body.recommendations.every(({ id, title }) => title !== id));
}

/** Visitors that ask until they are stopped; `seen` holds each one's variants. */
function visitors(count) {
  const seen = new Map();
  let stopped = false;
  let asked = 0;
  const visit = async (i) => {
    const session = `a-visitor-of-tab-${i}`;
    seen.set(session, new Set());
    while (!stopped) {
      const answer = await ask(session, { diversity: i % 3 ? undefined : 0.5 });
      assertWhole(answer);
      seen.get(session).add(answer.body.variant);
      asked++;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const all = Array.from({ length: count }, (_, i) => visit(i));
  return {
    seen,
    async stop() {
      stopped = true;
      await Promise.all(all);
      return asked;
    },
  };
}

for (const [mode, other] of [
  ['split', 'challenger'],
  ['interleave', 'interleaved'],
]) {
  test(`${ROUNDS} starts and stops (${mode}) under load: no failed and no mixed answer, and a session keeps its variant`, async () => {
    const { tensors, bytes } = backendFigures();
    const { seen, stop } = visitors(8);
    for (let i = 0; i < ROUNDS; i++) {
      await begin({ mode, at: `${i}` });
      const variants = () => [...seen.values()].filter((one) => one.size > 1).length;
      if (i === 0) await until(() => variants() === seen.size);
      await end();
    }
    assert.ok((await stop()) > 40);
    for (const [session, variants] of seen) {
      const own = placeOf(SALT, session) < 0.5 ? other : 'champion';
      assert.deepEqual([...variants].sort(), [own, undefined]);
    }
    assert.ok(new Set([...seen.values()].flatMap((one) => [...one])).has(other));
    assert.deepEqual([backendFigures().tensors, backendFigures().bytes], [tensors, bytes]);
  });
}

test('promotions under load: each answer is of one model', async () => {
  const { stop } = visitors(8);
  let [champion, challenger] = [a, b];
  for (let i = 0; i < 10; i++) {
    server.database.current.put(experimentRow(champion, challenger, { at: `${i}` }));
    await until(async () => (await health()).experiment?.state === 'ready');
    point(server.database, challenger);
    await until(async () => (await health()).model === challenger);
    await end();
    [champion, challenger] = [challenger, champion];
  }
  await stop();
});
