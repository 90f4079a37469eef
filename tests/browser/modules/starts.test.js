import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createStarts } from '../../../custom_functions/recommender/ui/src/starts.js';

const item = (n, creator = '') => ({ id: `${n}`, creator });
const creatorOf = ({ creator }) => creator;

/** Items in tens: what is near an item are the others of its ten. */
const api = (creator) => ({
  search: async () => Array.from({ length: 40 }, (_, n) => item(n, creator)),
  recommend: async ({ favourites: [id] }) => {
    const ten = Math.floor(id / 10) * 10;
    const others = Array.from({ length: 10 }, (_, n) => item(ten + n, creator));
    return { recommendations: others.filter((other) => other.id !== id) };
  },
});

it('makes sets of three of items without a creator', async () => {
  const sets = await createStarts(api(''), 'things', creatorOf).examples(3);
  const ids = sets.map((set) => set.map(({ id }) => id));
  assert.deepEqual(ids, [
    ['0', '1', '2'],
    ['10', '11', '12'],
    ['20', '21', '22'],
  ]);
});

it('puts no creator into two sets, nor twice into one', async () => {
  assert.deepEqual(await createStarts(api('one'), 'things', creatorOf).examples(3), []);
});
