import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  CANDIDATES,
  explorationOf,
  exploreAt,
  placesToExplore,
} from '../../custom_functions/recommender/lib/explore.js';
import { recommend } from '../../custom_functions/recommender/lib/recommend.js';
import { toyModel } from './toy_model.js';

/** Mulberry32: the same numbers for the same seed. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const indices = (picks) => picks.map(({ index }) => index);
const ranked = Array.from({ length: 60 }, (_, index) => ({ index, score: 1 - index / 60 }));
const chosen = ranked.slice(0, 10);
const exploration = (more) => ({ share: 0.05, from: 20, random: generator(1), ...more });

describe('places', () => {
  test('are never the first three, and have the probability that is set', () => {
    const some = exploration({ share: 0.1 });
    const counts = new Array(10).fill(0);
    const times = 20_000;
    for (let i = 0; i < times; i++) for (const p of placesToExplore(some, 10)) counts[p]++;
    assert.deepEqual(counts.slice(0, 3), [0, 0, 0]);
    // 5 standard errors of a binomial share.
    const near = 5 * Math.sqrt((0.1 * 0.9) / times);
    for (const count of counts.slice(3)) assert.ok(Math.abs(count / times - 0.1) < near, counts);
  });

  test('are none without exploration, and none beyond what a signed answer can name', () => {
    assert.deepEqual(placesToExplore(undefined, 10), []);
    const all = placesToExplore(exploration({ share: 1 }), 1000);
    assert.deepEqual([all[0], all.at(-1)], [3, 254]);
  });
});

describe('an explored place', () => {
  test('gets a little-known item; the others keep their order', () => {
    const { picks, propensity } = exploreAt(chosen, ranked, [4, 7], exploration());
    const explored = picks.flatMap((pick, place) => (pick.explored ? [place] : []));
    assert.deepEqual(explored, [4, 7]);
    const kept = picks.filter((pick) => !pick.explored);
    assert.deepEqual(indices(kept), [0, 1, 2, 3, 4, 5, 6, 7]);
    for (const place of explored) {
      const { index } = picks[place];
      assert.ok(index >= 20 && index < 20 + CANDIDATES, `${index}`);
    }
    assert.equal(new Set(indices(picks)).size, 10);
    assert.equal(propensity, 0.05 / CANDIDATES);
  });

  test('shows each candidate as often as the propensity says', () => {
    const some = exploration({ share: 0.3, from: 50 }); // ten candidates
    const times = 40_000;
    const shown = new Map(); // by place and item
    let propensity;
    for (let i = 0; i < times; i++) {
      const places = placesToExplore(some, 10);
      const answer = exploreAt(chosen, ranked, places, some);
      propensity = answer.propensity ?? propensity;
      answer.picks.forEach(({ index, explored }, place) => {
        const key = `${place} ${index}`;
        if (explored) shown.set(key, (shown.get(key) ?? 0) + 1);
      });
    }
    assert.equal(propensity, 0.03);
    assert.equal(shown.size, 7 * 10);
    const near = 5 * Math.sqrt((0.03 * 0.97) / times);
    for (const [key, count] of shown) {
      assert.ok(Math.abs(count / times - propensity) < near, `${key}: ${count / times}`);
    }
  });

  test('is one of the last where there are fewer candidates than places', () => {
    const some = exploration({ share: 1, from: 58 }); // two candidates
    const { picks, propensity } = exploreAt(chosen, ranked, placesToExplore(some, 10), some);
    assert.deepEqual(
      picks.map(({ explored = false }) => explored),
      [...new Array(8).fill(false), true, true],
    );
    assert.equal(propensity, 0.5);
  });

  test('stays as it is where the model knows all items well', () => {
    const answer = exploreAt(chosen, ranked, [4], exploration({ from: 60 }));
    assert.deepEqual(answer, { picks: chosen });
  });
});

describe('the manifest', () => {
  const random = () => 0;

  test('says how much is explored', () => {
    const explore = { share: 0.05, from: 7 };
    assert.deepEqual(explorationOf({ explore }, random), { ...explore, random });
  });

  test('of an earlier release, or with exploration off, or unsound, explores nothing', () => {
    const sound = { share: 0.05, from: 7 };
    assert.equal(explorationOf({ explore: sound }), undefined);
    const changes = [{ share: 0 }, { share: 2 }, { share: '1' }, { from: -1 }, { from: null }];
    for (const explore of [undefined, null, ...changes.map((one) => ({ ...sound, ...one }))]) {
      assert.equal(explorationOf({ explore }, random), undefined, JSON.stringify(explore));
    }
  });
});

describe('recommend', () => {
  let model;
  const explore = { share: 0.5, from: 10 };
  before(async () => ({ model } = await toyModel({ manifest: { explore } })));
  after(() => model.dispose());
  const ask = (request, random) => {
    const rest = { exclude: [], limit: 10, explain: false, diversity: 0, novelty: 0, ...request };
    return recommend(model, { favourites: ['song-1'], ...rest }, (index) => index % 7, random);
  };
  const ids = ({ recommendations }) => recommendations.map(({ id }) => id);

  test('explores nothing without a generator', () => {
    const answer = ask({});
    assert.ok(!('propensity' in answer));
    assert.ok(answer.recommendations.every((one) => !('explored' in one)));
  });

  test('answers the same where no place happens to be explored', () => {
    assert.deepEqual(
      ask({}, () => 0.99),
      ask({}),
    );
  });

  for (const request of [{}, { diversity: 0.5, novelty: 0.5 }, { favourites: ['who'] }]) {
    test(`never shows a favourite, an exclusion or an item twice: ${JSON.stringify(request)}`, () => {
      const exclude = ['song-20', 'song-21'];
      const plain = ids(ask({ ...request, exclude }));
      const random = generator(3);
      let explored = 0;
      for (let i = 0; i < 200; i++) {
        const answer = ask({ ...request, exclude }, random);
        const all = ids(answer);
        assert.equal(new Set(all).size, 10);
        assert.deepEqual(all.slice(0, 3), plain.slice(0, 3));
        const dropped = [...exclude, ...(request.favourites ? [] : ['song-1'])];
        assert.ok(!all.some((id) => dropped.includes(id)));
        for (const one of answer.recommendations.filter((row) => row.explored)) {
          assert.ok(model.indexOf(one.id) >= explore.from && !plain.includes(one.id));
          explored++;
        }
      }
      assert.ok(explored > 300, String(explored));
    });
  }
});
