import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ApiError, Unreachable } from '../../../custom_functions/recommender/ui/src/api.js';
import { createDelivery } from '../../../custom_functions/recommender/ui/src/events/delivery.js';
import { createOutbox } from '../../../custom_functions/recommender/ui/src/events/outbox.js';

/** A delivery with two events, over a server that answers with `answers` in turn. */
async function start(t, ...answers) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const sent = [];
  const refusals = [];
  const left = [];
  let kept;
  const outbox = createOutbox({ keep: (events) => (kept = events) });
  const delivery = createDelivery({
    outbox,
    async send(events) {
      sent.push(events.map(({ id }) => id).join());
      const answer = answers.shift() ?? {};
      if (answer instanceof Error) throw answer;
      return answer;
    },
    sendAtEnd: (events) => left.push(events.map(({ id }) => id).join()),
    refused: (why) => refusals.push(why),
  });
  const pass = async (milliseconds) => {
    t.mock.timers.tick(milliseconds);
    for (let n = 0; n < 10; n++) await Promise.resolve();
  };
  const add = (id, delay = 0) => {
    outbox.add({ id, type: 'like' }, delay);
    delivery.schedule();
  };
  add('a');
  add('b', 500);
  await pass(500);
  return { delivery, sent, refusals, left, pass, add, kept: () => kept.map(({ id }) => id).join() };
}

const refusal = (status, retryAfter) => new ApiError(status, {}, retryAfter);

it('sends what is due, in one batch, and drops what the server has taken', async (t) => {
  const { sent, kept, add, pass } = await start(t);
  assert.deepEqual(sent, ['a,b']);
  assert.equal(kept(), '');
  add('c', 2000);
  await pass(1999);
  assert.equal(sent.length, 1);
  await pass(1);
  assert.deepEqual(sent, ['a,b', 'c']);
});

for (const [name, error] of [
  ['no response', new Unreachable('down')],
  ['a server error', refusal(500)],
  ['a full node', refusal(503)],
]) {
  it(`after ${name} sends the same events again, with growing pauses`, async (t) => {
    const { sent, kept, pass } = await start(t, error, error);
    assert.equal(kept(), 'a,b');
    await pass(4999);
    assert.equal(sent.length, 1);
    await pass(1);
    assert.deepEqual(sent, ['a,b', 'a,b']);
    await pass(9999);
    assert.equal(sent.length, 2);
    await pass(1);
    assert.deepEqual(sent, ['a,b', 'a,b', 'a,b']);
    assert.equal(kept(), '');
  });
}

it('waits as long as the server says', async (t) => {
  const { sent, pass, add } = await start(t, refusal(429, 30));
  await pass(29_000);
  add('c');
  await pass(999);
  assert.equal(sent.length, 1);
  await pass(1);
  assert.deepEqual(sent, ['a,b', 'a,b,c']);
});

it('drops a batch that the server finds wrong, and goes on', async (t) => {
  const { sent, kept, refusals, add, pass } = await start(t, refusal(400));
  assert.equal(kept(), '');
  add('c');
  await pass(0);
  assert.deepEqual(sent, ['a,b', 'c']);
  assert.deepEqual(refusals, []);
});

it('says it when the server takes no events, or the visitor asked for none', async (t) => {
  const gone = await start(t, refusal(404));
  assert.deepEqual(gone.refusals, ['disabled']);
  t.mock.timers.reset();
  const ignored = await start(t, { ignored: 'Sec-GPC' });
  assert.deepEqual(ignored.refusals, ['opted-out']);
});

it('hands over everything when the page is left, and asks again when it is back', async (t) => {
  const { delivery, sent, left, kept, add, pass } = await start(t);
  add('c', 10_000);
  delivery.leave();
  assert.deepEqual(left, ['c']);
  await pass(60_000);
  assert.deepEqual(sent, ['a,b'], 'the browser has it');
  assert.equal(kept(), 'c', 'nobody has said that it arrived');
  delivery.comeBack();
  await pass(0);
  assert.deepEqual(sent, ['a,b', 'c']);
  assert.equal(kept(), '');
});
