import assert from 'node:assert/strict';
import { it } from 'node:test';
import { figure, marks } from '../../../custom_functions/recommender/ui/src/figures.js';

it('ends the axis on a round mark that holds the greatest value, with few marks', () => {
  for (const most of [0.01, 0.034, 0.09, 0.1, 0.15, 0.3, 0.44, 0.5, 0.51, 0.77, 1]) {
    const all = marks(most);
    assert.equal(all[0], 0);
    assert.ok(all.at(-1) >= most - 1e-9, `${most}: ${all}`);
    assert.ok(all.length >= 4 && all.length <= 7, `${most}: ${all}`);
    assert.ok(all.at(-2) < most, `${most}: ${all}`);
  }
});

it('writes shares without the zero, and a dash for what was not measured', () => {
  assert.equal(figure(0.4102), '.410');
  assert.equal(figure(1), '1.000');
  assert.equal(figure(undefined), '–');
});
