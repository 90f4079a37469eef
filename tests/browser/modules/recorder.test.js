import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createRecorder } from '../../../custom_functions/recommender/ui/src/events/recorder.js';
import { createTabMemory } from '../../../custom_functions/recommender/ui/src/events/tab_memory.js';

const ALL = ['view', 'click', 'like', 'dislike'];
const blocked = () => {
  throw new DOMException('blocked', 'SecurityError');
};

/** A recorder over a server that signs, and stores what it is sent. */
function start(t, { types = ALL, memory = createTabMemory('key', blocked) } = {}) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const asked = [];
  const sent = [];
  const api = {
    async recommend(body) {
      asked.push(body);
      return { answer: `token ${asked.length}`, recommendations: [{ id: 'x' }, { id: 'y' }] };
    },
    async events(batch) {
      sent.push(batch);
      return {};
    },
    eventsAtEnd: (batch) => sent.push(batch),
  };
  const recorder = createRecorder({ api, memory, types, refused() {} });
  return { recorder, asked, sent, memory, waiting: () => memory.read().waiting ?? [] };
}

const shape = ({ type, answer, item, position }) => ({ type, answer, item, position });

it('asks in its session, and names place and answer of what is done', async (t) => {
  const { recorder, asked, sent } = start(t);
  const answer = await recorder.recommend({ favourites: ['a'] });
  const [{ session }] = asked;
  assert.match(session, /^[\w-]{16,64}$/);
  recorder.saw(answer, 2);
  recorder.followed(answer, 'y');
  recorder.liked('x', answer);
  recorder.dismissed('y', answer);
  recorder.leave();
  const [{ session: sentIn, events }] = sent;
  assert.equal(sentIn, session);
  assert.deepEqual(events.map(shape), [
    { type: 'view', answer: 'token 1', item: undefined, position: 2 },
    { type: 'click', answer: 'token 1', item: 'y', position: 2 },
    { type: 'like', answer: 'token 1', item: 'x', position: 1 },
    { type: 'dislike', answer: 'token 1', item: 'y', position: 2 },
  ]);
  assert.equal(new Set(events.map(({ id }) => id)).size, 4);
  for (const { id, at } of events) {
    assert.match(id, /^[\w-]{8,64}$/);
    assert.match(at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  }
});

it('likes without an answer what no answer of this session showed', async (t) => {
  const { recorder, waiting } = start(t);
  const answer = await recorder.recommend({});
  const unsigned = { recommendations: [{ id: 'x' }] };
  const foreign = { answer: 'of another session', recommendations: [{ id: 'x' }] };
  recorder.liked('x');
  recorder.liked('x', unsigned);
  recorder.liked('x', foreign);
  recorder.liked('z', answer);
  assert.deepEqual(
    waiting().map(({ answer }) => answer),
    [undefined, undefined, undefined, undefined],
  );
});

it('records nothing else about such an answer', async (t) => {
  const { recorder, waiting } = start(t);
  const foreign = { answer: 'of another session', recommendations: [{ id: 'x' }] };
  for (const answer of [foreign, null]) {
    recorder.saw(answer ?? {}, 1);
    recorder.followed(answer, 'x');
    recorder.dismissed('x', answer);
  }
  assert.deepEqual(waiting(), []);
});

it('records that an answer was seen only if it is further down than before', async (t) => {
  const { recorder, waiting } = start(t);
  const answer = await recorder.recommend({});
  recorder.saw(answer, 1);
  recorder.saw(answer, 2);
  recorder.saw(answer, 1);
  assert.deepEqual(
    waiting().map(({ position }) => position),
    [2],
  );
});

it('sends only types that the recommender records', async (t) => {
  const { recorder, waiting } = start(t, { types: ['like'] });
  const answer = await recorder.recommend({});
  recorder.saw(answer, 1);
  recorder.dismissed('x', answer);
  recorder.liked('y', answer);
  assert.deepEqual(
    waiting().map(({ type }) => type),
    ['like'],
  );
});

it('goes on in the session of the tab, with what the page before could not send', async (t) => {
  const first = start(t);
  first.recorder.liked('x');
  const { session, waiting } = first.memory.read();
  t.mock.timers.reset();
  const { recorder, sent } = start(t, { memory: first.memory });
  recorder.leave();
  assert.deepEqual(sent, [{ session, events: waiting }]);
});

it('sends nothing after it was stopped, and leaves what was remembered since alone', async (t) => {
  const { recorder, sent, memory } = start(t);
  recorder.liked('x');
  recorder.stop();
  memory.write({ choice: 'no' });
  t.mock.timers.tick(60_000);
  recorder.leave();
  await Promise.resolve();
  assert.deepEqual(sent, []);
  assert.deepEqual(memory.read(), { choice: 'no' });
});
