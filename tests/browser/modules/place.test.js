import assert from 'node:assert/strict';
import { it } from 'node:test';
import { effectScope, nextTick, ref } from 'vue';
import { START } from '../../../custom_functions/recommender/ui/src/address.js';
import { usePlace } from '../../../custom_functions/recommender/ui/src/state/place.js';

/** A place over a stand-in for the window's address; `steps` is the history. */
function start(t, search, most = ref(10)) {
  const steps = [search];
  const visit = (address) => {
    globalThis.location.search = new URL(address, 'http://node').search;
  };
  Object.assign(globalThis, {
    location: { search, pathname: '/ui/', hash: '' },
    history: {
      pushState(state, title, address) {
        steps.push(address);
        visit(address);
      },
      replaceState(state, title, address) {
        steps[steps.length - 1] = address;
        visit(address);
      },
    },
    addEventListener() {},
    removeEventListener() {},
  });
  const scope = effectScope();
  t.after(() => scope.stop());
  return { ...scope.run(() => usePlace('songs', most)), steps };
}

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

it('makes one entry in the history of the moves of one slider, by drag or by keyboard', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const desk = start(t, '?songs=a');
  for (const variety of [0.1, 0.2, 0.3]) {
    desk.vary(variety);
    // A key settles each step; the next one follows soon.
    desk.settle();
    t.mock.timers.tick(200);
  }
  t.mock.timers.tick(2000);
  desk.vary(0.5);
  assert.deepEqual(desk.steps, [
    '?songs=a',
    '/ui/?songs=a&variety=0.3',
    '/ui/?songs=a&variety=0.5',
  ]);
});

it('makes an entry of its own of another slider', (t) => {
  const desk = start(t, '?songs=a');
  desk.vary(0.1);
  desk.settle();
  desk.discount(0.5);
  desk.discount(0.75);
  assert.deepEqual(desk.steps, [
    '?songs=a',
    '/ui/?songs=a&variety=0.1',
    '/ui/?songs=a&variety=0.1&novelty=0.75',
  ]);
});

it('makes an entry of its own of what follows a drag that ended where it began', (t) => {
  const desk = start(t, '?songs=a');
  // The slider fires no change event then, so nothing settles.
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

it('starts over with every setting at its default', (t) => {
  const desk = start(t, '?songs=a,b&strategy=x&compare=y&variety=0.5&novelty=0.5&not=c');
  desk.clear();
  assert.equal(desk.steps.at(-1), '/ui/');
  assert.deepEqual(desk.place.value, START);
});

for (const [what, act] of [
  ['a removed favourite', (desk) => desk.remove('a')],
  ['starting over', (desk) => desk.clear()],
  ['favourites that were replaced', (desk) => desk.pick(['x', 'y'])],
]) {
  it(`undoes ${what}, once`, (t) => {
    const desk = start(t, '?songs=a,b&variety=0.5&not=c');
    assert.ok(!desk.canUndo.value);
    const before = desk.place.value;
    act(desk);
    assert.ok(desk.canUndo.value);
    desk.undo();
    assert.deepEqual(desk.place.value, before);
    assert.equal(desk.steps.at(-1), '/ui/?songs=a,b&variety=0.5&not=c');
    assert.ok(!desk.canUndo.value);
  });
}

it('undoes the last step only', (t) => {
  const desk = start(t, '?songs=a,b');
  desk.remove('a');
  desk.add('c');
  assert.ok(!desk.canUndo.value);
  desk.remove('b');
  desk.forgetUndo();
  assert.ok(!desk.canUndo.value);
});
