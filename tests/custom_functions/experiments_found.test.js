import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import Ajv from 'ajv';
import {
  LONGEST_TEXT,
  MOST_ENDED,
  MOST_LOOKS,
  experimentCard,
  experimentSchema,
  experimentsOf,
  experimentsSchema,
} from '../../custom_functions/recommender/lib/experiments/found.js';
import { AT, ID, SALT, experimentRow } from './experiment_rows.js';

const look = (sessions) => ({
  at: AT,
  sessions: { champion: 9 * sessions, challenger: sessions },
  champion: 0.2,
  challenger: 0.23,
  difference: 0.03,
  low: -0.01,
  high: 0.07,
  verdict: 'undecided',
  note: null,
});
const side = (version) => ({ version, strategy: null, settings: {} });
const running = {
  id: ID,
  mode: 'split',
  share: 0.1,
  state: 'running',
  champion: side('v1'),
  challenger: { version: 'v2', strategy: 'voters', settings: { diversity: 0.2 } },
  started: AT,
  metric: 'success',
  margin: 0.02,
  looks: [look(10), look(20)],
};
const ended = { ...running, ended: AT, outcome: 'withdrawn', reason: 'It is worse.' };
const validate = new Ajv({ allowUnionTypes: true }).compile(experimentsSchema);

describe('what experiments found', () => {
  test('is shown as the trainer wrote it; of those that ended, the last look', () => {
    const shown = experimentsOf({ experiments: { running, ended: [ended] } });
    assert.deepEqual(shown, { running, ended: [{ ...ended, looks: [look(20)] }] });
    assert.ok(validate(shown), JSON.stringify(validate.errors));
  });

  test('is nothing where nobody has written it', () => {
    for (const row of [undefined, null, {}, { experiments: null }, { experiments: 'x' }]) {
      assert.equal(experimentsOf(row), undefined);
    }
  });

  test('is thinned evenly, to the first, the last and those between', () => {
    const looks = Array.from({ length: 200 }, (_, i) => look(i));
    const shown = experimentsOf({ experiments: { running: { ...running, looks }, ended: [] } });
    const sessions = shown.running.looks.map((one) => one.sessions.challenger);
    assert.equal(sessions.length, MOST_LOOKS);
    assert.deepEqual([sessions[0], sessions.at(-1)], [0, 199]);
    const steps = sessions.slice(1).map((one, i) => one - sessions[i]);
    assert.ok(
      steps.every((step) => step === 4 || step === 5),
      String(steps),
    );
  });

  test('always fits its schema, whatever the row holds', () => {
    const odd = Object.fromEntries(Object.keys(ended).map((name) => [name, { no: 1 }]));
    const long = { ...ended, reason: 'x'.repeat(5000), share: NaN, secret: 'no' };
    const strange = { ...ended, looks: [7, null, { sessions: { champion: 'many', mice: 3 } }] };
    const list = [null, 7, 'text', [], odd, long, strange, {}, ...new Array(40).fill(ended)];
    for (const one of [odd, long, strange, {}, 'text', 7, null]) {
      const shown = experimentsOf({ experiments: { running: one, ended: list } });
      assert.ok(validate(shown), JSON.stringify(validate.errors));
      assert.equal(shown.ended.length, MOST_ENDED);
      assert.equal(shown.ended[1].reason.length, LONGEST_TEXT);
      assert.ok(!('secret' in shown.ended[1]));
    }
  });
});

describe('the experiment that runs', () => {
  test('is shown without its salt', () => {
    const { experiment } = experimentRow('v1', 'v2', { strategy: 'voters' });
    const card = experimentCard(experiment);
    assert.deepEqual(card, {
      id: ID,
      state: 'running',
      mode: 'split',
      share: 0.5,
      started: AT,
      variants: {
        champion: side('v1'),
        challenger: { version: 'v2', strategy: 'voters', settings: {} },
      },
    });
    assert.ok(new Ajv({ allowUnionTypes: true }).validate(experimentSchema, card));
    assert.doesNotMatch(JSON.stringify(card), new RegExp(SALT));
    assert.equal(experimentCard(undefined), undefined);
  });
});
