/** The cases that Python's tests run, too. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import {
  placeOf,
  variantOf,
} from '../../custom_functions/recommender/lib/experiments/assignment.js';
import { coinsOf, draft } from '../../custom_functions/recommender/lib/experiments/draft.js';
import {
  creditOf,
  variantText,
} from '../../custom_functions/recommender/lib/experiments/variants.js';

const path = new URL('../cases/experiments.json', import.meta.url);
const cases = JSON.parse(readFileSync(path, 'utf8'));

describe('assignment', () => {
  test('a session has the same place everywhere', () => {
    for (const { salt, session, u } of cases.places) assert.equal(placeOf(salt, session), u);
  });

  test('a session below the share sees the experiment, and any other the champion', () => {
    for (const { variant, session, ...experiment } of cases.assignments) {
      assert.equal(variantOf(experiment, session), variant, JSON.stringify(experiment));
    }
  });

  test('as many sessions as the share says see it', () => {
    const salt = cases.places[0].salt;
    const sessions = Array.from({ length: 20_000 }, (_, i) => `session-number-${i}`);
    const seen = sessions.filter((one) => placeOf(salt, one) < 0.1).length;
    // Five standard deviations of 20,000 draws.
    assert.ok(Math.abs(seen - 2000) < 5 * Math.sqrt(20_000 * 0.1 * 0.9), String(seen));
  });
});

describe('interleaving', () => {
  for (const { salt, session, favourites, rounds, coins } of cases.coins) {
    test(`${favourites.join(' and ')}: the coins follow from the question, and repeat`, () => {
      const coin = coinsOf(salt, session, favourites);
      const found = Array.from({ length: rounds }, (_, round) => Number(coin(round)));
      assert.equal(found.join(''), coins);
    });
  }

  const run = ({ salt, session, favourites, champion, challenger, limit }) =>
    draft(
      { champion, challenger },
      { limit, keyOf: (id) => id, coin: coinsOf(salt, session, favourites) },
    );

  for (const one of cases.drafts) {
    test(`${one.case}: drafts`, () => {
      const { items, teams } = run(one);
      assert.deepEqual([items, teams.map(Number)], [one.items, one.teams]);
    });

    test(`${one.case}: a longer list begins with the shorter one`, () => {
      for (let limit = 0; limit <= one.limit; limit++) {
        const { items, teams } = run({ ...one, limit });
        assert.deepEqual(items, one.items.slice(0, limit));
        assert.deepEqual(teams.map(Number), one.teams.slice(0, limit));
      }
    });
  }

  test('each side has equally many picks over many questions', () => {
    const champion = Array.from({ length: 10 }, (_, i) => `a${i}`);
    const challenger = Array.from({ length: 10 }, (_, i) => `b${i}`);
    let first = 0;
    for (let i = 0; i < 2000; i++) {
      const question = { salt: 'salt', session: `session-${i}`, favourites: ['x'], limit: 10 };
      const { teams } = run({ ...question, champion, challenger });
      assert.equal(teams.filter(Boolean).length, 5);
      if (teams[0]) first++;
    }
    assert.ok(Math.abs(first - 1000) < 5 * Math.sqrt(500), String(first));
  });
});

describe('variants', () => {
  test('are named with their experiment, and an interleaved one with its teams', () => {
    for (const { experiment, variant, teams, text } of cases.texts) {
      assert.equal(variantText(experiment, variant, teams?.map(Boolean)), text);
    }
  });

  test('credit the side that added an item', () => {
    for (const { text, place, stored } of cases.credits) {
      assert.equal(creditOf(text, place), stored, `${text} at ${place}`);
    }
  });

  test('fit into a signed answer of the longest list', () => {
    const teams = new Array(1000).fill(true);
    assert.ok(variantText('4f1c9a02', 'interleaved', teams).length <= 255);
  });
});
