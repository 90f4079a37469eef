import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import {
  keyIdOf,
  positionOf,
  readAnswer,
  shownDownTo,
  signAnswer,
} from '../../custom_functions/recommender/lib/events/answer_token.js';
import { readBatch } from '../../custom_functions/recommender/lib/events/batch.js';

const path = new URL('../cases/events.json', import.meta.url);
const cases = JSON.parse(await readFile(path, 'utf8'));
const { project, session, now } = cases;
const key = { ...cases.key, secret: Buffer.from(cases.key.secret, 'base64url') };
const keyOf = (id) => (id === key.id ? key : undefined);

describe('signed answers', () => {
  test('a key is known by the digest of its secret', () => {
    assert.equal(keyIdOf(key.secret), key.id);
  });

  for (const { answer, token, name } of cases.answers) {
    const { shown_at: shownAt, items, ...source } = answer;

    const what = `${answer.variant || 'no variant'}, ${answer.explored.length} explored`;
    test(`${answer.strategy}, ${what}: signs and reads`, () => {
      assert.equal(signAnswer(key, { project, session }, { ...source, shownAt, items }), token);
      const read = readAnswer(token, { project, session }, keyOf);
      const { digests, ...rest } = read;
      assert.deepEqual(rest, { ...source, shownAt, name });
      assert.equal(digests.length, items.length * 4);
      items.forEach((item, i) => assert.equal(positionOf(read, item), i + 1));
      assert.equal(positionOf(read, 'not shown'), 0);
    });
  }

  test('no changed bit goes unnoticed', () => {
    const bytes = Buffer.from(cases.answers[0].token, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] ^= 1 << (bit & 7);
      const token = changed.toString('base64url');
      assert.equal(readAnswer(token, { project, session }, keyOf), undefined, `bit ${bit}`);
    }
  });

  test('a hundred items take less than 700 characters, ten less than 180', () => {
    const lengths = [10, 100].map((count) => {
      const items = Array.from({ length: count }, (_, i) => `item ${i}`);
      const answer = { ...cases.answers[0].answer, shownAt: now, items };
      return signAnswer(key, { project, session }, answer).length;
    });
    assert.ok(lengths[0] < 180 && lengths[1] < 700, String(lengths));
  });

  test('what was on the screen is a run of digests that anybody can compare with items', () => {
    const read = readAnswer(cases.answers[0].token, { project, session }, keyOf);
    const shown = shownDownTo(read, 3);
    const digests = cases.digests.slice(0, 3).map(({ digest }) => Buffer.from(digest, 'base64url'));
    assert.equal(shown, Buffer.concat(digests).toString('base64url'));
  });
});

describe('events', () => {
  const rules = { types: cases.types, answer_hours: 24 };
  const read = (events) => readBatch({ session, events }, { project, rules, keyOf, time: now });

  for (const { case: what, event, row, field } of cases.events) {
    test(`${row ? 'takes' : `refuses (${field})`}: ${what}`, () => {
      const { rows, refused } = read([event]);
      if (row) return assert.deepEqual({ rows, refused }, { rows: [row], refused: [] });
      assert.deepEqual(rows, []);
      assert.deepEqual(
        refused.map(({ index, field: at }) => [index, at]),
        [[0, field]],
      );
      assert.ok(refused[0].message.length > 3);
    });
  }

  test('one event’s refusal leaves the others alone', () => {
    const { rows, refused } = read(cases.events.map(({ event }) => event));
    const bad = cases.events.flatMap(({ field }, index) => (field ? [index] : []));
    assert.deepEqual(
      refused.map(({ index }) => index),
      bad,
    );
    assert.equal(rows.length, 1); // the good ones share an id
  });
});
