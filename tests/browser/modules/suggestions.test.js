import assert from 'node:assert/strict';
import { it } from 'node:test';
import { effectScope, nextTick, ref } from 'vue';
import { useSuggestions } from '../../../custom_functions/recommender/ui/src/state/suggestions.js';

const PAUSE = 1000; // ms, longer than any that is waited for before asking

/** Suggestions over a search that answers when told to, on a clock that moves when told to. */
function start(t) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const asked = [];
  const api = {
    search: (collection, words, { signal }) =>
      new Promise((resolve, reject) => {
        const answer = (...ids) => resolve(ids.map((id) => ({ id })));
        asked.push({ words, signal, answer, fail: () => reject(new Error('away')) });
      }),
  };
  const text = ref('');
  const scope = effectScope();
  const state = scope.run(() => useSuggestions(api, () => 'songs', text));
  t.after(() => scope.stop());
  const type = async (letters) => {
    text.value = letters;
    await nextTick();
  };
  const pause = async () => {
    t.mock.timers.tick(PAUSE);
    await nextTick();
  };
  const ids = () => state.found.value.items.map(({ id }) => id);
  return { ...state, asked, type, pause, ids };
}

/** Likewise, with the answer to a first text there. */
async function startWithList(t) {
  const state = start(t);
  await state.type('be');
  await state.pause();
  state.asked[0].answer('beyonce');
  await settled();
  return state;
}

it('keeps the last list while the next is on its way, and says that it is not the text’s own', async (t) => {
  const { asked, type, pause, ids, pending } = await startWithList(t);
  assert.deepEqual([ids(), pending.value], [['beyonce'], false]);

  await type('beatles');
  assert.deepEqual([ids(), pending.value], [['beyonce'], true]);
  await pause();
  assert.deepEqual([ids(), pending.value], [['beyonce'], true]);
  asked[1].answer('beatles');
  await settled();
  assert.deepEqual([ids(), pending.value], [['beatles'], false]);
});

it('asks once for what is typed without a pause, and drops what was overtaken', async (t) => {
  const { asked, type, pause, ids } = start(t);
  for (const letters of ['be', 'bea', 'beat']) await type(letters);
  await pause();
  await type('beatl');
  await pause();
  assert.deepEqual(
    asked.map(({ words }) => words),
    ['beat', 'beatl'],
  );
  assert.ok(asked[0].signal.aborted);
  asked[1].answer('right');
  asked[0].answer('late');
  await settled();
  assert.deepEqual(ids(), ['right']);
});

it('takes blanks around the words for nothing new', async (t) => {
  const { asked, type, pause, pending } = await startWithList(t);
  await type('be ');
  assert.equal(pending.value, false);
  await pause();
  assert.equal(asked.length, 1);
});

it('forgets the list when too few letters are left', async (t) => {
  const { type, ids, pending } = await startWithList(t);
  await type('b');
  assert.deepEqual([ids(), pending.value], [[], false]);
});

it('is busy again when a failed search is tried again', async (t) => {
  const { asked, type, pause, ids, pending, failed, again } = start(t);
  await type('be');
  await pause();
  asked[0].fail();
  await settled();
  assert.deepEqual([failed.value, pending.value], [true, false]);
  again();
  assert.equal(pending.value, true);
  await pause();
  asked[1].answer('beyonce');
  await settled();
  assert.deepEqual([ids(), failed.value, pending.value], [['beyonce'], false, false]);
});

const settled = () => new Promise((resolve) => setImmediate(resolve));
