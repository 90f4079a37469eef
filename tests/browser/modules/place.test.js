import assert from 'node:assert/strict';
import { it } from 'node:test';
import { effectScope, nextTick, ref } from 'vue';
import {
  mostFavourites,
  usePlace,
} from '../../../custom_functions/recommender/ui/src/state/place.js';

/** A place over a stand-in for the window's address: `steps` is what the back button goes through. */
function start(t, search, most = ref(10)) {
  const steps = [search];
  const turn = (address) => {
    globalThis.location.search = new URL(address, 'http://node').search;
  };
  Object.assign(globalThis, {
    location: { search, pathname: '/ui/', hash: '' },
    history: {
      pushState(state, title, address) {
        steps.push(address);
        turn(address);
      },
      replaceState(state, title, address) {
        steps[steps.length - 1] = address;
        turn(address);
      },
    },
    addEventListener() {},
    removeEventListener() {},
  });
  const scope = effectScope();
  t.after(() => scope.stop());
  return { ...scope.run(() => usePlace('songs', most)), steps };
}

it('takes as many favourites as the model does, and no model takes more than the route', () => {
  assert.equal(mostFavourites({ sizes: { favourites: 5 } }), 5);
  assert.equal(mostFavourites({ sizes: { favourites: 50 } }), 10);
});

it('offers a model no more favourites than it takes', (t) => {
  const desk = start(t, '?songs=a,b,c,d', ref(3));
  assert.deepEqual(desk.favourites.value, ['a', 'b', 'c']);
  assert.ok(desk.full.value);
  desk.add('e');
  assert.deepEqual(desk.favourites.value, ['a', 'b', 'c']);
  desk.pick(['e', 'f', 'g', 'h']);
  assert.deepEqual(desk.favourites.value, ['e', 'f', 'g']);
});

it('drops what the next model has no room for, and has it again after that one', async (t) => {
  const most = ref(10);
  const desk = start(t, '?songs=a,b,c,d', most);
  most.value = 2;
  await nextTick();
  assert.deepEqual(desk.favourites.value, ['a', 'b']);
  most.value = 10;
  await nextTick();
  assert.deepEqual(desk.favourites.value, ['a', 'b', 'c', 'd']);
});

it('makes one step back of the moves of one drag', (t) => {
  const desk = start(t, '?songs=a');
  for (const variety of [0.1, 0.2, 0.3]) desk.vary(variety);
  desk.settle();
  desk.vary(0.5);
  assert.deepEqual(desk.steps, [
    '?songs=a',
    '/ui/?songs=a&variety=0.3',
    '/ui/?songs=a&variety=0.5',
  ]);
});

it('makes a step of its own of what follows a drag that ended where it began', (t) => {
  const desk = start(t, '?songs=a');
  // The slider tells no change then, so nothing settles.
  for (const variety of [0.1, 0]) desk.vary(variety);
  desk.add('b');
  desk.vary(0.2);
  assert.deepEqual(desk.steps, [
    '?songs=a',
    '/ui/?songs=a',
    '/ui/?songs=a,b',
    '/ui/?songs=a,b&variety=0.2',
  ]);
});
