import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, Unreachable } from '../../../custom_functions/recommender/ui/src/api.js';
import { useItems } from '../../../custom_functions/recommender/ui/src/state/items.js';

const nowhere = () => new ApiError(404, { code: 'unknown_item' });

/** Items over a route that answers, or throws, whatever `answer` holds at the time. */
function start(answer) {
  const asked = [];
  const route = { answer };
  const api = {
    async item(collection, id) {
      asked.push(id);
      if (route.answer instanceof Error) throw route.answer;
      return route.answer;
    },
  };
  return { ...useItems(api, () => 'books'), asked, route };
}

test('an edition is kept under the id it was picked by', async () => {
  const items = start({ id: 'work', title: 'One' });
  await items.need(['paperback'], 'v1');
  assert.deepEqual(items.get('paperback'), { id: 'paperback', title: 'One' });
  assert.deepEqual(items.get('work'), { id: 'work', loading: true });
});

test('an item that was nowhere is known as soon as an answer names it', async () => {
  const items = start(nowhere());
  await items.need(['new'], 'v1');
  assert.deepEqual(items.get('new'), { id: 'new', missing: true });
  items.keep([{ id: 'new', title: 'New' }]);
  assert.deepEqual(items.get('new'), { id: 'new', title: 'New' });
});

test('an item that was nowhere is asked for again when another model answers, and not before', async () => {
  const items = start(nowhere());
  await items.need(['new'], 'v1');
  await items.need(['new'], 'v1');
  assert.deepEqual(items.asked, ['new']);

  await items.need(['new'], 'v2');
  assert.deepEqual(items.get('new'), { id: 'new', missing: true });
  items.route.answer = { id: 'new', title: 'New' };
  await items.need(['new'], 'v3');
  assert.deepEqual(items.get('new'), { id: 'new', title: 'New' });
  assert.equal(items.asked.length, 3);
});

test('what is known already is not asked for, and a later answer adds to it', async () => {
  const items = start(nowhere());
  items.keep([{ id: 'a', title: 'A', year: '1999' }]);
  items.keep([{ id: 'a', title: 'A!' }]);
  await items.need(['a'], 'v1');
  assert.deepEqual(items.asked, []);
  assert.deepEqual(items.get('a'), { id: 'a', title: 'A!', year: '1999' });
});

test('an item is not said to be nowhere because the server is away', async () => {
  const items = start(new Unreachable());
  await items.need(['a'], 'v1');
  assert.deepEqual(items.get('a'), { id: 'a', loading: true });
  items.route.answer = { id: 'a', title: 'A' };
  await items.need(['a'], 'v1');
  assert.deepEqual(items.get('a'), { id: 'a', title: 'A' });
});
