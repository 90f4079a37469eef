import assert from 'node:assert/strict';
import { it } from 'node:test';
import { leadOf, sizeOf, standing } from '../../../custom_functions/recommender/ui/src/standing.js';

const METRIC = 'ndcg@20';
const row = (low, high) => ({ 'ndcg@20_minus': { mean: (low + high) / 2, low, high } });

for (const [low, high, is, lead] of [
  [0.019, 0.042, 'ahead', '+.019 to +.042'],
  [-0.042, -0.019, 'behind', '−.042 to −.019'],
  [-0.0195, 0.0104, 'same', 'no measurable difference'],
  [0, 0.03, 'same', 'no measurable difference'],
  [-0.03, 0, 'same', 'no measurable difference'],
]) {
  it(`takes a difference of ${low} to ${high} for ${is}`, () => {
    assert.equal(standing(row(low, high), METRIC), is);
    assert.equal(leadOf(row(low, high), METRIC), lead);
  });
}

it('claims nothing where no interval was measured', () => {
  for (const without of [{}, { 'ndcg@20_minus': null }, { 'ndcg@20_minus': { mean: 0.1 } }]) {
    assert.equal(standing(without, METRIC), 'unknown');
    assert.equal(leadOf(without, METRIC), '–');
  }
});

it('says how large a difference is, the smaller end first', () => {
  assert.equal(sizeOf(row(0.019, 0.042), METRIC), '.019 to .042');
  assert.equal(sizeOf(row(-0.042, -0.019), METRIC), '.019 to .042');
});
