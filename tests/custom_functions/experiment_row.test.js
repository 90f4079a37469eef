import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  defaultsOf,
  withDefaults,
} from '../../custom_functions/recommender/lib/experiments/defaults.js';
import { experimentRowOf } from '../../custom_functions/recommender/lib/experiments/row.js';
import { AT, experimentRow } from './experiment_rows.js';

describe('the row of an experiment', () => {
  test('is read as it is described', () => {
    const raw = experimentRow('v1', 'v2', { strategy: 'plain', settings: { novelty: 1 } });
    assert.deepEqual(experimentRowOf(raw), {
      version: 'v2',
      at: AT,
      experiment: raw.experiment,
    });
    assert.equal(experimentRowOf(undefined), undefined);
    const trial = experimentRow('v1', 'v1', { state: 'trial', started: null, share: 1 });
    assert.equal(experimentRowOf(trial).problem, undefined);
  });

  for (const [place, change] of [
    ['format', { format: 2 }],
    ['id', { id: 'XYZ' }],
    ['state', { state: 'over' }],
    ['mode', { mode: 'both' }],
    ['share', { share: 0 }],
    ['share', { share: 1.5 }],
    ['share', { share: '0.1' }],
    ['salt', { salt: 'short' }],
    ['champion', { champion: 'v1' }],
    ['champion.version', { champion: { version: '', strategy: null, settings: {} } }],
    ['challenger.strategy', { strategy: 7 }],
    ['challenger.settings', { settings: { diversity: 2 } }],
    ['challenger.settings', { settings: { limit: 1 } }],
    ['challenger.settings', { settings: null }],
  ]) {
    test(`with ${JSON.stringify(change)} says what is wrong with ${place}`, () => {
      const { problem, experiment } = experimentRowOf(experimentRow('v1', 'v2', change));
      assert.match(problem, new RegExp(`: ${place}: expected `));
      assert.equal(experiment, undefined);
    });
  }

  test('that is no experiment at all, or names another version, says so', () => {
    for (const experiment of [undefined, null, 'text', []]) {
      const { problem } = experimentRowOf({ version: 'v2', at: AT, experiment });
      assert.match(problem, /experiment: expected an object/);
    }
    const { problem } = experimentRowOf({ ...experimentRow('v1', 'v2'), version: 'v3' });
    assert.match(problem, /version: expected that of the challenger/);
  });
});

describe('defaults', () => {
  const manifest = { default_strategy: 'rich', strategies: [{ name: 'rich' }, { name: 'plain' }] };
  const asked = { favourites: ['x'] };

  test('hold where a request says nothing', () => {
    const defaults = { strategy: 'plain', settings: { diversity: 0.2 } };
    assert.deepEqual(withDefaults(asked, manifest, defaults), {
      ...asked,
      strategy: 'plain',
      diversity: 0.2,
      novelty: 0,
    });
    const own = { ...asked, strategy: 'rich', diversity: 0, novelty: 0.5 };
    assert.deepEqual(withDefaults(own, manifest, defaults), own);
  });

  test('are the model’s own without any, or with a strategy that it lacks', () => {
    const expected = { ...asked, strategy: 'rich', diversity: 0, novelty: 0 };
    assert.deepEqual(withDefaults(asked, manifest), expected);
    const unknown = { strategy: 'gone', settings: {} };
    assert.deepEqual(withDefaults(asked, manifest, unknown), expected);
  });

  test('that are not as described are ignored', () => {
    for (const none of [undefined, null, 'plain', []]) assert.equal(defaultsOf(none), undefined);
    assert.deepEqual(defaultsOf({ strategy: 7, settings: { diversity: '1' } }), {
      strategy: null,
      settings: {},
    });
    const good = { strategy: 'plain', settings: { novelty: 1 } };
    assert.deepEqual(defaultsOf(good), good);
  });
});
