import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  chartOf,
  difference,
  interval,
  percent,
  rate,
  sessionWords,
  sharesOf,
  sideWords,
} from '../../../custom_functions/recommender/ui/src/experiments.js';

it('writes a difference of rates in points, and a preference as it is', () => {
  assert.equal(difference(0.03, 'split'), '+3.0 points');
  assert.equal(difference(-0.0214, 'split'), '−2.1 points');
  assert.equal(difference(0.0001, 'split'), '0.0 points');
  assert.equal(difference(0.03, 'interleave'), '+0.030');
  assert.equal(difference(null, 'split'), '–');
  assert.equal(interval({ low: -0.01, high: 0.07 }, 'split'), '−1.0 to +7.0 points');
  assert.equal(interval({ low: null, high: 0.07 }, 'split'), '–');
  assert.equal(percent(0.1), '10 %');
  assert.equal(rate(0.24), '24.0 %');
});

it('says who sees what, and what each side is', () => {
  assert.deepEqual(sharesOf({ mode: 'split', share: 0.25 }), [
    { variant: 'champion', share: 0.75 },
    { variant: 'challenger', share: 0.25 },
  ]);
  assert.equal(sharesOf({ mode: 'interleave', share: 1 })[1].variant, 'interleaved');
  assert.equal(sideWords({ version: 'v1', strategy: null, settings: {} }), 'v1');
  const challenger = {
    version: 'v2',
    strategy: 'voters',
    settings: { novelty: 0, diversity: 0.2 },
  };
  assert.equal(sideWords(challenger), 'v2, strategy voters, diversity 0.2, novelty 0');
  assert.equal(sessionWords({ champion: 9000, challenger: 1 }), '9,000 champion, 1 challenger');
  assert.equal(sessionWords({}), '–');
});

const look = (middle, half) => ({ difference: middle, low: middle - half, high: middle + half });

it('draws zero in the middle, more above and less below, and fits the later looks', () => {
  const { ticks, margin, points } = chartOf(
    [look(0.1, 0.9), look(0.03, 0.04), look(0, 0.03)],
    0.02,
  );
  assert.deepEqual(
    ticks.map(({ y }) => y),
    [0, 25, 50, 75, 100],
  );
  assert.equal(ticks[2].value, 0);
  assert.ok(points[0].high < 0 && points[0].low > 100, 'an early interval is cut off');
  assert.ok(points[1].high >= 0 && points[1].high < points[1].y && points[1].y < 50);
  assert.equal(points[2].y, 50);
  assert.ok(margin > 50 && margin < points[2].low);
  assert.ok(points.every(({ x }, i) => i === 0 || x > points[i - 1].x));
});

it('draws nothing of looks that say nothing yet, and no margin where there is none', () => {
  const nothing = { difference: null, low: null, high: null };
  const { points, margin, ticks } = chartOf([nothing], null);
  assert.deepEqual([points, margin], [[], null]);
  assert.ok(ticks.every(({ value }) => Number.isFinite(value)));
  assert.equal(chartOf([nothing, look(0, 0.1)], 0).points.length, 1);
});
