import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createOutbox } from '../../../custom_functions/recommender/ui/src/events/outbox.js';
import { createTabMemory } from '../../../custom_functions/recommender/ui/src/events/tab_memory.js';

/** An outbox whose clock stands still until `clock.now` is set. */
function start(kept) {
  const clock = { now: 1_000_000 };
  let saved = kept;
  const keep = (events) => (saved = events);
  const outbox = createOutbox({ kept, keep, now: () => clock.now });
  return { outbox, clock, saved: () => saved };
}

const like = (id, more) => ({ id, type: 'like', item: `item of ${id}`, ...more });
const view = (id, position, answer = 'one') => ({ id, type: 'view', answer, position });
const idsOf = (events) => events.map(({ id }) => id);

it('an event is due after its delay, and stays until it is dropped', () => {
  const { outbox, clock, saved } = start();
  outbox.add(like('a'), 2000);
  outbox.add(like('b'), 5000);
  assert.equal(outbox.due(), clock.now + 2000);
  assert.deepEqual(outbox.batch(), []);
  clock.now += 2000;
  assert.deepEqual(idsOf(outbox.batch()), ['a']);
  assert.deepEqual(idsOf(outbox.batch()), ['a'], 'again, with the same id');
  outbox.drop([like('a')]);
  assert.deepEqual(idsOf(saved()), ['b']);
  outbox.drop([like('b')]);
  assert.equal(outbox.due(), Infinity);
});

it('a batch has at most 50 events and less than 64 kB', () => {
  const { outbox } = start();
  for (let n = 0; n < 120; n++) outbox.add(like(`small-${n}`), 0);
  assert.equal(outbox.batch().length, 50);
  outbox.clear();
  for (let n = 0; n < 50; n++) outbox.add(like(`large-${n}`, { answer: 'é'.repeat(1000) }), 0);
  const batch = outbox.batch();
  assert.ok(batch.length > 20 && batch.length < 50, `${batch.length} events`);
  const body = JSON.stringify({ session: 'x'.repeat(64), events: batch });
  assert.ok(Buffer.byteLength(body) < 64 * 1024);
});

it('the oldest events are dropped beyond a bound', () => {
  const { outbox, saved } = start();
  for (let n = 0; n < 250; n++) outbox.add(like(`e${n}`), 0);
  assert.equal(saved().length, 200);
  assert.equal(saved()[0].id, 'e50');
});

it('an answer has one view, which is sent when it has settled', () => {
  const { outbox, clock, saved } = start();
  outbox.addView(view('v1', 3), 5000);
  clock.now += 4000;
  outbox.addView(view('v2', 7), 5000);
  outbox.addView(view('w1', 2, 'two'), 5000);
  assert.deepEqual(idsOf(saved()), ['v2', 'w1']);
  clock.now += 4000;
  assert.deepEqual(outbox.batch(), []);
  clock.now += 1000;
  assert.deepEqual(idsOf(outbox.batch()), ['v2', 'w1']);
  // What was sent may be stored: what follows is another event.
  outbox.addView(view('v3', 9), 0);
  assert.deepEqual(idsOf(saved()), ['v2', 'w1', 'v3']);
});

it('what was undone is taken back unless it was sent', () => {
  const { outbox, saved } = start();
  outbox.add(like('a', { item: 'x' }), 0);
  outbox.batch();
  outbox.add(like('b', { item: 'x' }), 0);
  outbox.add({ id: 'c', type: 'dislike', item: 'x' }, 0);
  outbox.retract('like', 'x');
  assert.deepEqual(idsOf(saved()), ['a', 'c']);
});

it('everything leaves with the page, once, and is sent again when it is back', () => {
  const { outbox } = start();
  for (let n = 0; n < 60; n++) outbox.add(like(`e${n}`), 10_000);
  const left = outbox.leave();
  assert.deepEqual(
    left.map((batch) => batch.length),
    [50, 10],
  );
  assert.deepEqual(outbox.leave(), []);
  assert.equal(outbox.due(), Infinity);
  outbox.add(like('new'), 0);
  assert.deepEqual(outbox.leave().map(idsOf), [['new']]);
  outbox.comeBack();
  assert.notEqual(outbox.due(), Infinity);
});

it('what an earlier page left is sent at once, and cannot be undone', () => {
  const { outbox } = start([like('a', { item: 'x' })]);
  outbox.retract('like', 'x');
  assert.deepEqual(idsOf(outbox.batch()), ['a']);
});

it('a tab remembers what it was given, also where storage is blocked', () => {
  const store = new Map();
  const storage = () => ({
    getItem: (key) => store.get(key) ?? null,
    setItem: (key, value) => store.set(key, value),
    removeItem: (key) => store.delete(key),
  });
  const blocked = () => {
    throw new DOMException('blocked', 'SecurityError');
  };
  for (const place of [storage, blocked]) {
    const memory = createTabMemory('key', place);
    assert.deepEqual(memory.read(), {});
    memory.write({ choice: 'no' });
    assert.deepEqual(memory.read(), { choice: 'no' });
    memory.write({});
    assert.deepEqual(memory.read(), {});
  }
  assert.equal(store.size, 0, 'nothing is left where there is nothing to remember');
  store.set('key', 'not JSON');
  assert.deepEqual(createTabMemory('key', storage).read(), {});
});
