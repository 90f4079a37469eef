import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import Ajv from 'ajv';
import fastify from 'fastify';
import { recommenderRoutes } from '../../custom_functions/recommender/http/routes.js';
import {
  LONGEST_TEXT,
  MOST_ROUNDS,
  roundsOf,
  roundsSchema,
} from '../../custom_functions/recommender/lib/rounds.js';
import { fakeDatabase, point, push } from './fake_harper.js';
import { toyBundle } from './toy_bundle.js';
import { WASM_FOLDER, keepingLog } from './toy_model.js';

const deployed = {
  at: '2026-11-24T10:00:00.000Z',
  outcome: 'deployed',
  stage: null,
  reason: null,
  new_events: 812,
  events: 4012,
  before: '656c2b769a2a9535',
  after: '3f0c5ad1b2c3d4e5',
  'ndcg@20': 0.4463,
  'ndcg@20_before': 0.4401,
  people: 150,
  seconds: 41.2,
};
const failed = { ...deployed, outcome: 'failed', stage: 'collect', reason: '10.0.0.7: refused' };
const refused = { ...deployed, outcome: 'refused by the gate', reason: 'it is worse' };
const reader = { isReader: true };
const stranger = { isReader: false };

describe('rounds', () => {
  test('are shown as the loop wrote them', () => {
    assert.deepEqual(roundsOf({ rounds: [failed, refused, deployed] }, reader), [
      failed,
      refused,
      deployed,
    ]);
  });

  test('keep the reason of a failure from strangers, and no other', () => {
    const shown = roundsOf({ rounds: [failed, refused] }, stranger);
    assert.deepEqual(shown, [{ ...failed, reason: null }, refused]);
  });

  test('are none where no loop has written any', () => {
    for (const row of [undefined, null, {}, { rounds: null }, { rounds: 'deployed' }]) {
      assert.equal(roundsOf(row, reader), undefined);
    }
  });

  test('always fit their schema, whatever the row holds', () => {
    const validate = new Ajv().compile(roundsSchema);
    const odd = Object.fromEntries(Object.keys(deployed).map((name) => [name, { no: 1 }]));
    const long = { ...deployed, reason: 'x'.repeat(5000), seconds: NaN, secret: 'no' };
    const rounds = [null, 7, 'text', [], odd, long, {}, ...new Array(40).fill(deployed)];
    const shown = roundsOf({ rounds }, reader);
    assert.ok(validate(shown), JSON.stringify(validate.errors));
    assert.equal(shown.length, MOST_ROUNDS);
    assert.equal(shown[1].reason.length, LONGEST_TEXT);
    assert.ok(!('secret' in shown[1]));
  });
});

describe('GET model', () => {
  let app;
  const database = fakeDatabase();
  before(async () => {
    const bundle = toyBundle();
    push(database, bundle);
    point(database, bundle.manifest.version);
    app = fastify();
    await app.register(recommenderRoutes, {
      prefix: '/song-recommender',
      database,
      settings: { project: 'song-recommender', collection: 'songs', code: 'c0de' },
      wasmFolder: WASM_FOLDER,
      node: { name: 'node-1', worker: 0 },
      isReader: ({ headers }) => headers.authorization === 'ann',
      log: keepingLog(),
    });
    await app.ready();
  });
  after(() => app.close());
  const ask = async (headers) => {
    const response = await app.inject({ url: '/song-recommender/model', headers });
    assert.equal(response.statusCode, 200);
    return response.json();
  };

  test('says nothing of rounds on a node that no loop has written to', async () => {
    assert.ok(!('rounds' in (await ask())));
  });

  test('shows the rounds, with the reason of a failure to readers only', async () => {
    database.current.put({ id: 'rounds', rounds: [failed, deployed] });
    assert.deepEqual((await ask()).rounds, [{ ...failed, reason: null }, deployed]);
    assert.deepEqual((await ask({ authorization: 'ann' })).rounds, [failed, deployed]);
  });

  test('describes the model even if the row cannot be read', async () => {
    const { version } = await ask();
    database.current.failure = new Error('gone');
    const card = await ask();
    assert.ok(!('rounds' in card));
    assert.equal(card.version, version);
    database.current.failure = undefined;
  });
});
