import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useItems } from '../../../custom_functions/recommender/ui/src/state/items.js';

test('an edition is kept under the id it was picked by', async () => {
  const api = { item: async () => ({ id: 'work', title: 'One' }) };
  const items = useItems(api, () => 'books');
  await items.need(['paperback']);
  assert.deepEqual(items.get('paperback'), { id: 'paperback', title: 'One' });
  assert.deepEqual(items.get('work'), { id: 'work', loading: true });
});
