import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyIdOf } from '../../custom_functions/recommender/lib/events/answer_token.js';
import { createKeys } from '../../custom_functions/recommender/lib/events/keys.js';
import { keepingLog } from './toy_model.js';

const NOW = 1_764_000_000_000;

const keyRow = (letter, signsFrom) => {
  const secret = Buffer.alloc(32, letter);
  return { id: keyIdOf(secret), secret: secret.toString('base64url'), signs_from: signsFrom };
};
const keysOf = (rows, now = NOW) =>
  createKeys({ read: async () => rows, log: keepingLog(), now: () => now });

test('the latest key whose time has come signs, and the others still verify', async () => {
  const rows = [keyRow('a', 0), keyRow('b', NOW - 1), keyRow('c', NOW + 1)];
  const keys = keysOf(rows);
  await keys.refresh();
  assert.equal(keys.signing().id, rows[1].id);
  for (const { id } of rows) assert.equal(keys.get(id).id, id);
});

test('a node whose clock is behind every key signs with the first', async () => {
  const rows = [keyRow('a', NOW + 2), keyRow('b', NOW + 1)];
  const keys = keysOf(rows);
  await keys.refresh();
  assert.equal(keys.signing().id, rows[1].id);
});

test('there is no key before the rows were read, and none in an empty table', async () => {
  const keys = keysOf([]);
  assert.equal(keys.signing(), undefined);
  await keys.refresh();
  assert.equal(keys.signing(), undefined);
});

test('a row that is cut short or misnamed is no key', async () => {
  const good = keyRow('a', 0);
  const rows = [
    { ...good, secret: good.secret.slice(0, 20) },
    { ...keyRow('b', 0), id: good.id },
    { ...keyRow('c', 0), signs_from: null },
    { ...keyRow('d', 0), secret: undefined },
  ];
  const keys = keysOf(rows);
  await keys.refresh();
  assert.equal(keys.signing(), undefined);
});

test('a table that cannot be read leaves the known keys, with one line in the log', async () => {
  let failure = null;
  const log = keepingLog();
  const read = async () => {
    if (failure) throw failure;
    return [keyRow('a', 0)];
  };
  const keys = createKeys({ read, log });
  await keys.refresh();
  failure = new Error('the table is missing');
  await keys.refresh();
  await keys.refresh();
  assert.equal(keys.signing().id, keyRow('a', 0).id);
  assert.equal(log.lines.filter(({ level }) => level === 'warn').length, 1);
});

test('unknown key ids cause one read, not one each', async () => {
  let reads = 0;
  const read = async () => {
    reads++;
    return [keyRow('a', 0)];
  };
  const keys = createKeys({ read, log: keepingLog() });
  await keys.expect('00000000');
  for (let i = 0; i < 100; i++) await keys.expect(`0000000${i % 10}`);
  assert.equal(reads, 1);
  assert.ok(keys.get(keyRow('a', 0).id));
});
