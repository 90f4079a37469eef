/** Experiments through the routes: two models whose items carry their letter, so that an answer shows who gave it. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, test } from 'node:test';
import { recommenderRoutes } from '../../custom_functions/recommender/http/routes.js';
import { readAnswer } from '../../custom_functions/recommender/lib/events/answer_token.js';
import { placeOf } from '../../custom_functions/recommender/lib/experiments/assignment.js';
import { coinsOf } from '../../custom_functions/recommender/lib/experiments/draft.js';
import { backendFigures } from '../../custom_functions/recommender/lib/graph.js';
import { EVENT_RULES, compilerOf } from './described_site.js';
import { ID, SALT, experimentRow } from './experiment_rows.js';
import { fakeDatabase, point, push } from './fake_harper.js';
import fastify from './fastify.js';
import { toyBundle } from './toy_bundle.js';
import { WASM_FOLDER, keepingLog, until } from './toy_model.js';

const cases = new URL('../cases/events.json', import.meta.url);
const { key } = JSON.parse(readFileSync(cases, 'utf8'));
const PROJECT = 'song-recommender';
const READER = { authorization: 'ann' };

// Item 0 is everybody's; all others carry their model's letter.
const lettered = (letter, seed, manifest = {}) =>
  toyBundle({
    seed,
    ids: ['common', ...Array.from({ length: 24 }, (_, i) => `${letter}${i}`)],
    manifest,
  });
const A = lettered('a', 1);
const B = lettered('b', 2);
const [a, b] = [A, B].map(({ manifest }) => manifest.version);

/** Sessions on either side of a share of one half. */
const sessions = Array.from({ length: 40 }, (_, i) => `a-visitor-of-tab-${i}`);
const inside = sessions.filter((one) => placeOf(SALT, one) < 0.5);
const outside = sessions.filter((one) => placeOf(SALT, one) >= 0.5);

async function start({ bundles = [A, B], events = EVENT_RULES } = {}) {
  const database = fakeDatabase();
  const log = keepingLog();
  for (const bundle of bundles) push(database, bundle);
  point(database, bundles[0].manifest.version);
  database.event_keys.put(key);
  const app = fastify();
  await app.register(recommenderRoutes, {
    prefix: `/${PROJECT}`,
    database,
    settings: { project: PROJECT, collection: 'songs', code: 'c0de', events },
    wasmFolder: WASM_FOLDER,
    node: { name: 'node-1', worker: 1, workers: 1 },
    isReader: ({ headers }) => headers.authorization === READER.authorization,
    log,
  });
  await app.ready();
  const ask = async (path, options = {}) => {
    const response = await app.inject({ url: `/${PROJECT}/${path}`, ...options });
    return { status: response.statusCode, text: response.body };
  };
  const json = async (path, options) => JSON.parse((await ask(path, options)).text);
  const post = (path, payload, headers) => json(path, { method: 'POST', payload, headers });
  const server = {
    app,
    database,
    log,
    health: () => json('health'),
    model: () => json('model'),
    openapi: () => json('openapi.json'),
    metrics: async () => {
      // An answer is used again for a moment.
      await new Promise((resolve) => setTimeout(resolve, 210));
      return (await ask('metrics')).text;
    },
    recommend: (session, more = {}, headers = {}) =>
      post('recommend', { favourites: ['common'], session, ...more }, headers),
    send: (session, events) => post('events', { session, events }),
    /** Writes the row, and waits until the worker has read it and says so. */
    async experiment(row, state = 'ready') {
      database.current.put(row);
      await until(async () => (await server.health()).experiment?.at === row.at);
      await until(async () => (await server.health()).experiment.state === state);
      return (await server.health()).experiment;
    },
    async end() {
      database.current.delete('experiment');
      await until(async () => !(await server.health()).experiment);
    },
  };
  await until(async () => (await ask('health')).status === 200);
  return server;
}

let rows = 0;
/** A row with an `at` of its own. */
const rowOf = (more = {}, challenger = b) =>
  experimentRow(a, challenger, {
    at: `2026-11-24T10:00:00.${String(rows++).padStart(3, '0')}Z`,
    ...more,
  });
const letters = ({ recommendations }) => recommendations.map(({ id }) => id[0]).join('');
const tokenOf = (session, { answer }) => {
  const secret = Buffer.from(key.secret, 'base64url');
  return readAnswer(answer, { project: PROJECT, session }, () => ({ ...key, secret }));
};

describe('an experiment', () => {
  let server;
  before(async () => (server = await start()));
  beforeEach(() => server.end());
  after(() => server.app.close());

  test('in trial loads the challenger, and answers nobody from it', async () => {
    const row = rowOf({ state: 'trial', started: null });
    const { at } = row;
    assert.deepEqual(await server.experiment(row), { id: ID, at, state: 'ready' });
    for (const session of sessions) {
      const answer = await server.recommend(session);
      assert.deepEqual([answer.model, 'variant' in answer], [a, false]);
      assert.equal(tokenOf(session, answer).variant, '');
    }
  });

  test('splits the sessions: each has its variant, in the answer and in the signed answer', async () => {
    await server.experiment(rowOf());
    for (const [some, variant, version, letter] of [
      [inside, 'challenger', b, 'b'],
      [outside, 'champion', a, 'a'],
    ]) {
      for (const session of some) {
        const answer = await server.recommend(session);
        assert.deepEqual([answer.variant, answer.model], [variant, version]);
        assert.equal(letters(answer), letter.repeat(10));
        assert.ok(answer.recommendations.every(({ title, id }) => title !== id));
        const token = tokenOf(session, answer);
        assert.deepEqual([token.variant, token.version], [`${ID}/${variant}`, version]);
      }
    }
  });

  test('leaves visitors without a recorded session to the champion, without a variant', async () => {
    await server.experiment(rowOf({ share: 1 }));
    for (const [session, headers] of [
      [undefined, {}],
      [inside[0], { 'sec-gpc': '1' }],
      [inside[0], { dnt: '1' }],
    ]) {
      const answer = await server.recommend(session, {}, headers);
      assert.deepEqual([answer.model, 'variant' in answer, 'answer' in answer], [a, false, false]);
    }
  });

  test('may be of another strategy and other settings, which a request’s own override', async () => {
    const challenger = { strategy: 'plain', settings: { diversity: 0.5 } };
    await server.experiment(rowOf({ ...challenger, share: 1 }, a));
    const [session] = sessions;
    const { strategy, variant, model, recommendations } = await server.recommend(session);
    assert.deepEqual([strategy, variant, model], ['plain', 'challenger', a]);
    const own = { strategy: 'rich', diversity: 0, novelty: 0 };
    const asked = await server.recommend(session, own);
    assert.deepEqual([asked.strategy, asked.variant], ['rich', 'challenger']);
    const alone = await server.recommend(undefined, own);
    assert.deepEqual(asked.recommendations, alone.recommendations);
    const varied = await server.recommend(undefined, { strategy: 'plain', diversity: 0.5 });
    assert.deepEqual(recommendations, varied.recommendations);
    await server.experiment(rowOf({ settings: { novelty: 1 }, share: 1 }, a));
    const novel = await server.recommend(session);
    const same = await server.recommend(undefined, { novelty: 1 });
    assert.deepEqual(novel.recommendations, same.recommendations);
    assert.notDeepEqual(novel.recommendations, alone.recommendations);
  });

  test('interleaves: both have their best items in, as the coins say', async () => {
    await server.experiment(rowOf({ mode: 'interleave' }));
    const own = letters(await server.recommend(undefined));
    assert.equal(own, 'a'.repeat(10));
    for (const session of inside) {
      const answer = await server.recommend(session);
      const coin = coinsOf(SALT, session, ['common']);
      const expected = [0, 1, 2, 3, 4].map((round) => (coin(round) ? 'ba' : 'ab')).join('');
      assert.equal(letters(answer), expected);
      assert.deepEqual([answer.variant, answer.model, answer.strategy], ['interleaved', a, 'rich']);
      const { variant } = tokenOf(session, answer);
      assert.match(variant, new RegExp(`^${ID}/interleaved/[A-Za-z0-9_-]{3}$`));
      const shorter = await server.recommend(session, { limit: 3 });
      assert.deepEqual(shorter.recommendations, answer.recommendations.slice(0, 3));
      assert.deepEqual((await server.recommend(session)).recommendations, answer.recommendations);
    }
    assert.equal((await server.recommend(outside[0])).variant, 'champion');
  });

  test('credits an interleaved item to the side that added it', async () => {
    await server.experiment(rowOf({ mode: 'interleave' }));
    const [session] = inside;
    const { answer, recommendations } = await server.recommend(session);
    const at = new Date().toISOString();
    const clicks = recommendations.map(({ id }, i) => {
      return { id: `click-number-${i}`, type: 'click', answer, item: id, at };
    });
    const view = { id: 'one-view', type: 'view', answer, position: 3, at };
    const { accepted } = await server.send(session, [view, ...clicks]);
    assert.equal(accepted, 11);
    const stored = async (id) => (await server.database.events.get(`${session}:${id}`)).variant;
    assert.equal(await stored('one-view'), `${ID}/interleaved`);
    for (const [i, { id }] of recommendations.entries()) {
      const side = id.startsWith('b') ? 'challenger' : 'champion';
      assert.equal(await stored(`click-number-${i}`), `${ID}/${side}`);
    }
  });

  test('is stored with the events of a split session', async () => {
    await server.experiment(rowOf());
    const at = new Date().toISOString();
    for (const [session, variant] of [
      [inside[0], 'challenger'],
      [outside[0], 'champion'],
    ]) {
      const { answer, recommendations } = await server.recommend(session);
      const event = { id: 'a-like-of-it', type: 'like', answer, item: recommendations[1].id, at };
      await server.send(session, [event]);
      const row = await server.database.events.get(`${session}:a-like-of-it`);
      assert.equal(row.variant, `${ID}/${variant}`);
    }
  });

  test('is the champion’s to answer where a request exceeds the challenger’s bounds', async () => {
    const refusing = await start({ bundles: [A, lettered('c', 3, { requests: { limit: 5 } })] });
    const [, other] = refusing.database.models.rows().map(({ version }) => version);
    await refusing.experiment(rowOf({ share: 1 }, other));
    const [session] = sessions;
    const few = await refusing.recommend(session, { limit: 5 });
    assert.deepEqual([few.variant, few.model], ['challenger', other]);
    const many = await refusing.recommend(session, { limit: 6 });
    assert.deepEqual([many.model, 'variant' in many], [a, false]);
    assert.equal((await refusing.health()).experiment.state, 'ready');
    await refusing.app.close();
  });

  test('is suspended while the current model is not its champion', async () => {
    const row = rowOf({ share: 1 });
    await server.experiment(row);
    point(server.database, b);
    await until(async () => (await server.health()).model === b);
    const { state, reason } = (await server.health()).experiment;
    assert.deepEqual([state, reason], ['suspended', `The current model is not ${a}.`]);
    const answer = await server.recommend(sessions[0]);
    assert.deepEqual([answer.model, 'variant' in answer], [b, false]);
    point(server.database, a);
    await until(async () => (await server.health()).model === a);
    await until(async () => (await server.health()).experiment.state === 'ready');
    assert.equal((await server.recommend(sessions[0])).variant, 'challenger');
  });

  test('is suspended where the row is not as described', async () => {
    const { state, id, reason } = await server.experiment(rowOf({ share: 7 }), 'suspended');
    assert.deepEqual([state, id], ['suspended', null]);
    assert.match(reason, /share: expected above 0, at most 1/);
    assert.equal((await server.recommend(sessions[0])).variant, undefined);
    assert.equal((await server.model()).experiment, undefined);
  });

  test('is refused where its challenger is, and the champion answers', async () => {
    const broken = lettered('x', 4, { format: 9, version: 'broken' });
    push(server.database, broken);
    const { reason } = await server.experiment(rowOf({ share: 1 }, 'broken'), 'refused');
    assert.match(reason, /format/);
    const lacking = await server.experiment(rowOf({ share: 1, strategy: 'gone' }), 'refused');
    assert.match(lacking.reason, /has no strategy "gone"; it has rich, plain/);
    const answer = await server.recommend(sessions[0]);
    assert.deepEqual([answer.model, 'variant' in answer], [a, false]);
    const missing = await server.experiment(rowOf({ share: 1 }, 'nowhere'), 'loading');
    assert.equal(missing.id, ID);
  });

  test('counts what each variant answered, of the present experiment only', async () => {
    const id = 'c0047ed0';
    await server.experiment(rowOf({ id }));
    for (const session of [inside[0], inside[1], outside[0]]) await server.recommend(session);
    const text = await server.metrics();
    const sample = (name, labels) => {
      const all = Object.entries({ experiment: id, ...labels }).map(([k, v]) => `${k}="${v}"`);
      const isIt = (line) => line.startsWith(`${name}{`) && all.every((one) => line.includes(one));
      return Number(text.split('\n').find(isIt)?.split(' ').at(-1));
    };
    const counts = ['answers_total', 'duration_seconds_count', 'failures_total'].map((name) =>
      ['challenger', 'champion'].map((variant) =>
        sample(`recommender_experiment_${name}`, { variant }),
      ),
    );
    assert.deepEqual(counts, [
      [2, 1],
      [2, 1],
      [0, 0],
    ]);
    const info = { champion: a, challenger: b, mode: 'split' };
    assert.equal(sample('recommender_experiment_info', info), 1);
    assert.equal(sample('recommender_experiment_suspended', {}), 0);
    await server.experiment(rowOf({ id: '00000000' }));
    assert.doesNotMatch(await server.metrics(), new RegExp(id));
    await server.end();
    assert.doesNotMatch(await server.metrics(), /recommender_experiment_\w+\{/);
  });

  test('is described by GET model, without its salt, and in the form that openapi.json says', async () => {
    await server.experiment(rowOf({ strategy: 'plain' }));
    const looks = [{ at: rows, sessions: { champion: 3 }, verdict: 'undecided' }];
    server.database.current.put({
      id: 'experiments',
      experiments: { running: { id: ID, looks }, ended: [{ id: '0', outcome: 'withdrawn' }] },
    });
    const card = await server.model();
    const { id, mode, share, state, variants } = card.experiment;
    assert.deepEqual([id, mode, share, state], [ID, 'split', 0.5, 'running']);
    assert.deepEqual(variants.challenger, { version: b, strategy: 'plain', settings: {} });
    assert.doesNotMatch(JSON.stringify(card), new RegExp(SALT));
    assert.equal(card.experiments.running.looks[0].verdict, 'undecided');
    assert.equal(card.experiments.ended[0].outcome, 'withdrawn');
    const document = await server.openapi();
    const compile = compilerOf(document);
    for (const [path, answer] of [
      ['/model', card],
      ['/health', await server.health()],
    ]) {
      const { schema } = document.paths[path].get.responses[200].content['application/json'];
      const validate = compile(schema);
      assert.ok(validate(answer), JSON.stringify(validate.errors));
    }
    server.database.current.delete('experiments');
    assert.equal((await server.model()).experiments, undefined);
  });
});

describe('a challenger that fails', () => {
  let server;
  beforeEach(async () => (server = await start()));

  /** Makes showing the challenger's items fail, and only theirs. */
  function fail({ database }) {
    const get = database.items.get.bind(database.items);
    database.items.get = async (id) => {
      if (id.startsWith('b')) throw new Error('the disk is gone');
      return get(id);
    };
    return () => (database.items.get = get);
  }

  for (const mode of ['split', 'interleave']) {
    test(`(${mode}) is answered for by the champion; five times in a row suspend it until the row changes`, async () => {
      const row = rowOf({ mode, share: 1 });
      await server.experiment(row);
      const mend = fail(server);
      for (let i = 0; i < 5; i++) {
        assert.equal((await server.health()).experiment.state, 'ready');
        const answer = await server.recommend(sessions[i]);
        assert.deepEqual([answer.model, letters(answer)], [a, 'a'.repeat(10)]);
        assert.ok(!('variant' in answer) && 'answer' in answer);
      }
      mend();
      const { state, reason } = (await server.health()).experiment;
      assert.equal(state, 'suspended');
      assert.match(reason, /failed too often/);
      assert.equal((await server.recommend(sessions[0])).variant, undefined);
      const text = await server.metrics();
      const variant = mode === 'split' ? 'challenger' : 'interleaved';
      assert.match(text, new RegExp(`failures_total\\{[^}]*variant="${variant}"[^}]*\\} 5`));
      assert.match(text, /recommender_experiment_suspended\{[^}]*\} 1/);
      assert.doesNotMatch(text, /recommender_experiment_info\{/);
      const logged = server.log.lines.filter(({ message }) => /is suspended/.test(message));
      assert.equal(logged.length, 1);
      await server.experiment(rowOf({ mode, share: 1 }));
      assert.notEqual((await server.recommend(sessions[0])).variant, undefined);
      await server.app.close();
    });
  }

  test('now and then is not suspended', async () => {
    await server.experiment(rowOf({ share: 1 }));
    for (let i = 0; i < 3; i++) {
      // Other items each time: what was shown once is kept for a minute.
      const mend = fail(server);
      const failing = { favourites: [`b${2 * i}`, 'common'], limit: 100 };
      for (let turn = 0; turn < 4; turn++) await server.recommend(sessions[turn], failing);
      mend();
      assert.equal((await server.recommend(sessions[0], { limit: 1 })).variant, 'challenger');
    }
    assert.equal((await server.health()).experiment.state, 'ready');
    await server.app.close();
  });
});

describe('the pointer’s defaults', () => {
  test('answer where a request says nothing else, and are the default that GET model names', async () => {
    const server = await start();
    const defaults = { strategy: 'plain', settings: { novelty: 1 } };
    server.database.current.put({ id: 'current', version: a, at: 'later', defaults });
    await until(async () => (await server.model()).default_strategy === 'plain');
    assert.equal((await server.health()).strategy, 'plain');
    const answer = await server.recommend(undefined);
    const same = await server.recommend(undefined, { strategy: 'plain', novelty: 1 });
    assert.deepEqual(answer, same);
    assert.match(await server.metrics(), /model_info\{[^}]*strategy="plain"/);
    const own = await server.recommend(undefined, { strategy: 'rich', novelty: 0 });
    assert.equal(own.strategy, 'rich');
    await server.app.close();
  });
});

test('a promotion takes the challenger over as it is, and an end frees it', async () => {
  const server = await start();
  const { tensors } = backendFigures();
  await server.experiment(rowOf());
  assert.ok(backendFigures().tensors > tensors);
  const loads = () => server.log.lines.filter(({ message }) => /loaded and verified/.test(message));
  assert.equal(loads().length, 2);
  point(server.database, b);
  await until(async () => (await server.health()).model === b);
  server.database.current.delete('experiment');
  await until(async () => backendFigures().tensors === tensors);
  assert.equal(loads().length, 2);
  await server.app.close();
});
