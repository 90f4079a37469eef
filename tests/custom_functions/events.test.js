import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { readFile } from 'node:fs/promises';
import fastify from './fastify.js';
import { recommenderRoutes } from '../../custom_functions/recommender/http/routes.js';
import { fakeDatabase, point, push } from './fake_harper.js';
import { toyBundle } from './toy_bundle.js';
import { WASM_FOLDER, keepingLog, until } from './toy_model.js';

const path = new URL('../cases/events.json', import.meta.url);
const { key, types } = JSON.parse(await readFile(path, 'utf8'));
const PROJECT = 'song-recommender';
const SESSION = 'a-visitor-of-this-tab';
const RULES = {
  enabled: true,
  consent: 'none',
  types,
  answer_hours: 24,
  max_rows: 1000,
  session_per_minute: 120,
  client_per_minute: 500,
  node_per_minute: 100_000,
};

let number = 0;
const event = (more) => ({
  id: `event-${String(number++).padStart(5, '0')}`,
  at: new Date().toISOString(),
  ...more,
});

async function start(rules = RULES, bundle = toyBundle()) {
  const database = fakeDatabase();
  const log = keepingLog();
  push(database, bundle);
  point(database, bundle.manifest.version);
  database.event_keys.put(key);
  const app = fastify({ trustProxy: true });
  await app.register(recommenderRoutes, {
    prefix: `/${PROJECT}`,
    database,
    settings: { project: PROJECT, collection: 'songs', code: 'c0de', events: rules },
    wasmFolder: WASM_FOLDER,
    node: { name: 'node-1', worker: 0, workers: 1 },
    log,
  });
  await app.ready();
  const ask = async (method, route, payload, headers) => {
    const response = await app.inject({ method, url: `/${PROJECT}/${route}`, payload, headers });
    const body = response.body ? response.json() : undefined;
    return { status: response.statusCode, headers: response.headers, body };
  };
  return {
    app,
    database,
    log,
    bundle,
    health: async () => (await ask('GET', 'health')).body,
    policy: async () => (await ask('GET', 'model')).body.events,
    recommend: (more, headers) =>
      ask('POST', 'recommend', { favourites: [bundle.ids[0]], ...more }, headers),
    send: (events, headers, session = SESSION) =>
      ask('POST', 'events', { session, events }, headers),
  };
}

describe('recommend', () => {
  let server;
  before(async () => (server = await start()));
  after(() => server.app.close());

  test('carries a signed answer for a session, and none without', async () => {
    const { body } = await server.recommend({ session: SESSION });
    assert.match(body.answer, /^[A-Za-z0-9_-]{80,200}$/);
    assert.ok(!('answer' in (await server.recommend({})).body));
  });

  test('explores for a recorded session only, and notes it in the signed answer', async () => {
    const manifest = { explore: { share: 1, from: 0 } };
    const other = await start(RULES, toyBundle({ manifest }));
    const explored = ({ body }) => body.recommendations.map((one) => one.explored ?? false);
    const none = new Array(10).fill(false);
    assert.deepEqual(explored(await other.recommend({})), none);
    const optedOut = await other.recommend({ session: SESSION }, { dnt: '1' });
    assert.deepEqual(explored(optedOut), none);
    const { body } = await other.recommend({ session: SESSION });
    assert.deepEqual(explored({ body }), [false, false, false, ...new Array(7).fill(true)]);
    assert.ok(!('propensity' in body));
    const clicks = [2, 3].map((place) =>
      event({ type: 'click', answer: body.answer, item: body.recommendations[place].id }),
    );
    await other.send(clicks);
    const rows = await Promise.all(
      clicks.map(({ id }) => other.database.events.get(`${SESSION}:${id}`)),
    );
    assert.deepEqual(
      rows.map(({ propensity }) => propensity),
      [null, Math.fround(1 / 20)],
    );
    await other.app.close();
  });

  test('says what is wrong with a session', async () => {
    for (const session of ['short', 'a'.repeat(65), 'with spaces in the text', 7]) {
      const { status, body } = await server.recommend({ session });
      assert.equal(status, 400);
      assert.match(body.message, /^session: /);
    }
  });

  test('signs nothing for a visitor who asks not to be tracked', async () => {
    for (const headers of [{ 'sec-gpc': '1' }, { dnt: '1' }]) {
      const { status, body } = await server.recommend({ session: SESSION }, headers);
      assert.equal(status, 200);
      assert.equal(body.recommendations.length, 10);
      assert.ok(!('answer' in body));
    }
  });

  test('goes on without a key, and when the keys and events cannot be read', async () => {
    const other = await start();
    other.database.event_keys.failure = other.database.events.failure = new Error('gone');
    const { status, body } = await other.recommend({ session: SESSION });
    assert.equal(status, 200);
    assert.equal(body.recommendations.length, 10);
    await other.app.close();
  });
});

describe('POST events', () => {
  let server;
  let answer;
  let items;
  before(async () => (server = await start()));
  beforeEach(async () => {
    const { body } = await server.recommend({ session: SESSION });
    answer = body.answer;
    items = body.recommendations.map(({ id }) => id);
  });
  after(() => server.app.close());

  test('stores what was accepted, with the answer that it is about', async () => {
    const view = event({ type: 'view', answer, position: 7 });
    const click = event({ type: 'click', answer, item: items[1], position: 2 });
    const like = event({ type: 'like', item: 'searched for' });
    const odd = event({ type: 'dislike', answer, item: 'not shown' });
    const { status, body } = await server.send([view, click, like, odd]);
    assert.equal(status, 202);
    assert.deepEqual(body, {
      accepted: 3,
      duplicates: 0,
      refused: [{ index: 3, field: 'item', message: 'is not in this answer' }],
    });
    const row = await server.database.events.get(`${SESSION}:${click.id}`);
    assert.equal(row.item, items[1]);
    assert.equal(row.model, server.bundle.manifest.version);
    assert.equal(row.node, 'node-1');
    assert.equal(row.arrival, `node-1/${row.arrived}-0-1`);
    assert.equal(await server.database.events.get(`${SESSION}:${odd.id}`), undefined);
  });

  test('every row has every attribute of the table', async () => {
    const schema = new URL('../../custom_functions/recommender/schema.graphql', import.meta.url);
    const [, body] = (await readFile(schema, 'utf8')).match(/^type Events [^{]*\{([^}]*)\}/m);
    const attributes = [...body.matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name);
    const sent = [
      event({ type: 'view', answer, position: 3 }),
      event({ type: 'click', answer, item: items[0] }),
      event({ type: 'like', item: 'searched for' }),
    ];
    assert.equal((await server.send(sent)).body.accepted, 3);
    const rows = server.database.events.rows().slice(-3);
    for (const row of rows) assert.deepEqual(Object.keys(row).sort(), attributes.sort());
  });

  test('an event sent again is a duplicate, and the first one stays', async () => {
    const once = event({ type: 'like', item: 'once' });
    assert.equal((await server.send([once, once])).body.duplicates, 1);
    const { body } = await server.send([{ ...once, item: 'another' }]);
    assert.deepEqual(body, { accepted: 0, duplicates: 1, refused: [] });
    assert.equal((await server.database.events.get(`${SESSION}:${once.id}`)).item, 'once');
  });

  test('the same id in another session is another event', async () => {
    const once = event({ type: 'like', item: 'x' });
    await server.send([once]);
    const { body } = await server.send([once], {}, 'another-visitor-now');
    assert.equal(body.accepted, 1);
  });

  test('an answer to another session proves nothing', async () => {
    const click = event({ type: 'click', answer, item: items[0] });
    const { body } = await server.send([click], {}, 'another-visitor-now');
    assert.deepEqual(
      body.refused.map(({ field }) => field),
      ['answer'],
    );
  });

  test('stores nothing for a visitor who asks not to be tracked', async () => {
    const like = event({ type: 'like', item: 'secret' });
    for (const [headers, ignored] of [
      [{ 'sec-gpc': '1' }, 'Sec-GPC'],
      [{ dnt: '1' }, 'DNT'],
    ]) {
      const { status, body } = await server.send([like], headers);
      assert.equal(status, 202);
      assert.deepEqual(body, { accepted: 0, duplicates: 0, refused: [], ignored });
    }
    assert.equal(await server.database.events.get(`${SESSION}:${like.id}`), undefined);
  });

  test('refuses what is no batch, naming the field', async () => {
    const like = event({ type: 'like', item: 'x' });
    const fifty = Array.from({ length: 51 }, () => event({ type: 'like', item: 'x' }));
    for (const [session, events, field] of [
      ['short', [like], 'session'],
      [undefined, [like], 'session'],
      [SESSION, [], 'events'],
      [SESSION, fifty, 'events'],
      [SESSION, 'like', 'events'],
      [SESSION, undefined, 'events'],
    ]) {
      const { status, body } = await server.send(events, {}, session ?? null);
      assert.equal(status, 400);
      assert.match(body.message, new RegExp(`^${field}: `));
    }
  });

  test('refuses a body of more than 64 kB', async () => {
    const { status, body } = await server.send([event({ type: 'like', item: 'x'.repeat(66_000) })]);
    assert.deepEqual([status, body.code], [413, 'too_large']);
  });

  test('a session at its limit waits, and others do not', async () => {
    const session = 'a-session-in-a-hurry';
    const many = () => Array.from({ length: 50 }, () => event({ type: 'like', item: 'x' }));
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await server.send(many(), {}, session));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [202, 202, 429],
    );
    assert.ok(Number(answers[2].headers['retry-after']) >= 1);
    assert.equal(answers[2].body.code, 'too_many_events');
    assert.equal((await server.send(many(), {}, 'somebody-else-entirely')).status, 202);
  });

  test('a flooding client changes nothing for another', async () => {
    const flood = { 'x-forwarded-for': '192.0.2.7' };
    const many = () => Array.from({ length: 50 }, () => event({ type: 'like', item: 'x' }));
    let refused = 0;
    for (let i = 0; i < 30; i++) {
      const { status } = await server.send(many(), flood, `flood-session-${i}-`.padEnd(20, 'x'));
      if (status === 429) refused++;
    }
    assert.equal(refused, 20);
    const calm = { 'x-forwarded-for': '192.0.2.8' };
    const { status, body } = await server.send(many(), calm, 'a-calm-visitor-here');
    assert.deepEqual([status, body.accepted], [202, 50]);
  });

  test('no row holds an address or a user agent', async () => {
    const headers = { 'x-forwarded-for': '192.0.2.9', 'user-agent': 'a-browser/1' };
    await server.send([event({ type: 'like', item: 'x' })], headers);
    assert.doesNotMatch(JSON.stringify(server.database.events.rows()), /192\.0\.2|a-browser/);
  });
});

describe('trouble', () => {
  test('rows that cannot be written are 503 with Retry-After, and recommending goes on', async () => {
    const server = await start();
    const { body } = await server.recommend({ session: SESSION });
    server.database.events.failure = new Error('the disk is full');
    const like = event({ type: 'like', item: body.recommendations[0].id, answer: body.answer });
    const failed = await server.send([like]);
    assert.deepEqual([failed.status, failed.body.code], [503, 'events_unavailable']);
    assert.ok(Number(failed.headers['retry-after']) >= 1);
    assert.doesNotMatch(failed.body.message, /disk/);
    assert.equal((await server.recommend({ session: SESSION })).status, 200);
    server.database.events.failure = undefined;
    assert.equal((await server.send([like])).body.accepted, 1);
    await server.app.close();
  });

  test('a full table refuses more, says so in health, and recommending goes on', async () => {
    const server = await start({ ...RULES, max_rows: 3 });
    await until(async () => (await server.health()).events.rows === 0);
    const likes = () => [1, 2, 3].map(() => event({ type: 'like', item: 'x' }));
    assert.equal((await server.send(likes())).status, 202);
    const { status, body, headers } = await server.send(likes());
    assert.deepEqual([status, body.code], [503, 'events_full']);
    assert.ok(Number(headers['retry-after']) >= 1);
    const { events } = await server.health();
    assert.deepEqual(events, { enabled: true, signing: true, rows: 3, max_rows: 3, full: true });
    assert.equal((await server.recommend({ session: SESSION })).status, 200);
    await server.app.close();
  });

  test('the model says whether a page must ask first', async () => {
    for (const consent of ['none', 'ask']) {
      const server = await start({ ...RULES, consent });
      const policy = { enabled: true, consent, types: Object.keys(types) };
      assert.deepEqual(await server.policy(), policy);
      await server.app.close();
    }
  });

  for (const rules of [{ ...RULES, enabled: false }, undefined]) {
    test(`disabled (${rules ? 'by the setting' : 'without settings'}): nothing is signed or stored`, async () => {
      const server = await start(rules ?? null);
      const { status, body } = await server.recommend({ session: SESSION });
      assert.equal(status, 200);
      assert.ok(!('answer' in body));
      const sent = await server.send([event({ type: 'like', item: 'x' })]);
      assert.deepEqual([sent.status, sent.body.code], [404, 'events_disabled']);
      assert.deepEqual((await server.health()).events, rules && { enabled: false });
      assert.deepEqual(await server.policy(), { enabled: false, consent: 'none', types: [] });
      assert.equal(server.database.events.rows().length, 0);
      await server.app.close();
    });
  }
});
