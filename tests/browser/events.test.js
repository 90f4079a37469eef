import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  DEPLOYMENTS,
  answered,
  intercept,
  json,
  on,
  otherModel,
  pathWith,
  popular,
  useBrowser,
  visit,
} from './support.js';

useBrowser();

const EVENTS = /\/events$/;
const SESSION = /^[\w-]{16,64}$/;
const [songs, books] = DEPLOYMENTS;
const LINK = { label: 'Elsewhere', url: 'https://elsewhere.example/{id}' };

/** Opens a page with three favourites; the page's clock can be set forward. */
async function start(t, deployment, { width = 1280, prepare, ...options } = {}) {
  const path = await pathWith(deployment, await popular(deployment, 3));
  const sent = [];
  const asked = [];
  const page = await visit(t, deployment, {
    path,
    viewport: { width, height: 740 },
    async prepare(page) {
      await page.clock.install();
      await page.context().route(/^https:/, (route) => route.abort());
      page.on('request', (request) => {
        if (EVENTS.test(request.url())) sent.push(request);
        if (/\/recommend$/.test(request.url())) asked.push(request.postDataJSON());
      });
      await prepare?.(page);
    },
    ...options,
  });
  await answered(page);
  return { page, sent, asked };
}

const keyOf = ({ base }) => `${base.pathname.split('/').at(-2)}:events`;
const remembered = (page, deployment) =>
  page.evaluate((key) => JSON.parse(sessionStorage.getItem(key)), keyOf(deployment));

/** Waits until events of these types wait to be sent. */
const waiting = (page, deployment, ...types) =>
  page.waitForFunction(
    ([key, wanted]) => {
      const events = JSON.parse(sessionStorage.getItem(key))?.waiting ?? [];
      return wanted.every((type) => events.some((event) => event.type === type));
    },
    [keyOf(deployment), types],
  );

/** Lets the page send what is due, and returns the batch and what the server said. */
async function delivery(page, seconds = 11) {
  const response = page.waitForResponse(EVENTS);
  await page.clock.fastForward(seconds * 1000);
  const [request, status] = [(await response).request(), (await response).status()];
  return { batch: request.postDataJSON(), status, answer: await (await response).json() };
}

/** How many rows from the first are at least half on the screen. */
const shownDownTo = (page) =>
  page.locator('.row').evaluateAll((rows) => {
    const isShown = (row) => {
      const { top, bottom, height } = row.getBoundingClientRect();
      return Math.min(bottom, innerHeight) - Math.max(top, 0) >= height / 2;
    };
    return rows.findLastIndex(isShown) + 1;
  });

const press = (page, name, place = 0) => page.getByRole('button', { name }).nth(place).click();

/** Sends events again: what was stored is a duplicate. */
async function stored(deployment, batch) {
  const response = await fetch(new URL('events', deployment.base), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(batch),
  });
  return (await response.json()).duplicates;
}

async function untilStored(deployment, batch) {
  const end = Date.now() + 10_000;
  while ((await stored(deployment, batch)) < batch.events.length) {
    assert.ok(Date.now() < end, 'the events did not arrive');
  }
}

for (const [deployment, width] of [
  [songs, 360],
  [books, 1280],
]) {
  describe(`events of ${deployment.name} at ${width} px`, () => {
    it('are sent for what is done with an answer, and the server accepts them all', async (t) => {
      const prepare = (page) => otherModel(page, (manifest) => ({ ...manifest, link: LINK }));
      const { page, asked } = await start(t, deployment, { width, prepare });
      const position = await shownDownTo(page);
      assert.ok(position > 0 && position < 10, `${position} rows are on the screen`);
      await waiting(page, deployment, 'view');
      await page.locator('.row .item-link').first().click();
      const next = page.waitForResponse(/\/recommend$/);
      await press(page, /^Not for me: /, 1);
      await next;
      await answered(page);
      await press(page, /^Add /);
      await waiting(page, deployment, 'click', 'like', 'dislike');
      await answered(page);

      const { batch, status, answer } = await delivery(page);
      assert.equal(status, 202);
      assert.deepEqual(answer, { accepted: batch.events.length, duplicates: 0, refused: [] });
      assert.match(batch.session, SESSION);
      assert.ok(asked.every(({ session }) => session === batch.session));
      const [view, click, dislike] = batch.events;
      const like = batch.events.find(({ type }) => type === 'like');
      assert.deepEqual([view.type, view.position], ['view', position]);
      assert.deepEqual([click.type, click.position], ['click', 1]);
      assert.deepEqual([dislike.type, dislike.position], ['dislike', 2]);
      assert.deepEqual([click.answer, dislike.answer], [view.answer, view.answer]);
      assert.deepEqual([like.item, like.position], [click.item, 1]);
      assert.ok(like.answer && like.answer !== view.answer, 'the answer that followed');
    });

    it('say it when the list is seen further down', async (t) => {
      const { page } = await start(t, deployment, { width });
      await waiting(page, deployment, 'view');
      const first = (await delivery(page)).batch.events;
      await page.locator('.row').last().scrollIntoViewIfNeeded();
      await waiting(page, deployment, 'view');
      const second = (await delivery(page)).batch.events;
      assert.deepEqual([first.length, second.length], [1, 1], 'one event and not one a row');
      assert.equal(second[0].answer, first[0].answer);
      assert.ok(second[0].position > first[0].position);
    });

    it('arrive when the page is closed before they are due', async (t) => {
      const { page, sent } = await start(t, deployment, { width });
      await press(page, /^Not for me: /);
      await waiting(page, deployment, 'view', 'dislike');
      const { session, waiting: events } = await remembered(page, deployment);
      assert.deepEqual(sent, []);
      const closed = page.waitForEvent('close');
      await page.close({ runBeforeUnload: true });
      await closed;
      await untilStored(deployment, { session, events });
    });

    it('are not sent for what was undone', async (t) => {
      const { page } = await start(t, deployment, { width });
      await press(page, /^Not for me: /);
      await press(page, /^Undo: /);
      await press(page, /^Add /);
      await on(page).favourites.nth(3).getByRole('button').click();
      await answered(page);
      await waiting(page, deployment, 'view');
      const { waiting: events } = await remembered(page, deployment);
      assert.ok(events.every(({ type }) => type === 'view'));
    });
  });
}

describe('an item that was searched for', () => {
  it('is liked without an answer', async (t) => {
    const { page } = await start(t, songs);
    const [item] = (await popular(songs, 9)).slice(8);
    await on(page).box.fill(item.title);
    await on(page).options.first().click();
    await waiting(page, songs, 'like');
    const { waiting: events } = await remembered(page, songs);
    const { answer, position } = events.find(({ type }) => type === 'like');
    assert.deepEqual([answer, position], [undefined, undefined]);
  });
});

/** Does what would be recorded, leaves, and checks that nothing was. */
async function assertNothingRecorded({ page, sent, asked }, deployment) {
  await press(page, /^Not for me: /);
  await answered(page);
  await page.waitForTimeout(600);
  assert.ok(!('session' in asked.at(-1)));
  const kept = await remembered(page, deployment);
  assert.ok(!kept?.session && !kept?.waiting, JSON.stringify(kept));
  await page.clock.fastForward(60_000);
  await page.goto('about:blank');
  assert.deepEqual(sent, []);
}

const foot = (page, text) => page.getByRole('contentinfo').getByText(text).waitFor();

for (const [name, signal] of [
  ['Global Privacy Control', { globalPrivacyControl: true }],
  ['Do Not Track', { doNotTrack: '1' }],
]) {
  it(`${name} is honoured: no session, no events`, async (t) => {
    const prepare = (page) =>
      page.addInitScript((values) => {
        for (const [key, value] of Object.entries(values))
          Object.defineProperty(Navigator.prototype, key, { get: () => value });
      }, signal);
    const visited = await start(t, songs, { prepare });
    await foot(visited.page, 'your browser asks sites not to track you');
    await assertNothingRecorded(visited, songs);
  });
}

it('events that are disabled: the page says that nothing is recorded, and it is true', async (t) => {
  const none = { enabled: false, consent: 'none', types: [] };
  const prepare = (page) => otherModel(page, (manifest) => ({ ...manifest, events: none }));
  const visited = await start(t, songs, { prepare });
  await foot(visited.page, 'stored nowhere else');
  await foot(visited.page, 'Nothing that you do here is recorded.');
  await assertNothingRecorded(visited, songs);
});

it('a server that takes no events any more is not asked again', async (t) => {
  const gone = { statusCode: 404, code: 'events_disabled', message: 'No.' };
  const prepare = (page) => intercept(page, EVENTS, (route) => json(route, 404, gone));
  const { page, sent } = await start(t, songs, { prepare });
  await waiting(page, songs, 'view');
  assert.equal((await delivery(page)).status, 404);
  await foot(page, 'Nothing that you do here is recorded.');
  sent.length = 0;
  await assertNothingRecorded({ page, sent, asked: [{}] }, songs);
});

describe('where visitors are asked first', () => {
  const prepare = (page) =>
    otherModel(page, (manifest) => ({
      ...manifest,
      events: { ...manifest.events, consent: 'ask' },
    }));
  const line = (page) => page.getByRole('region', { name: 'Recording' });

  it('nothing is recorded before a yes, and what follows is; the tab remembers', async (t) => {
    const { page, asked } = await start(t, books, { prepare });
    await line(page).waitFor();
    assert.equal(await remembered(page, books), null);
    assert.ok(asked.every((body) => !('session' in body)));
    await line(page).getByRole('button', { name: 'Yes, record' }).click();
    await line(page).waitFor({ state: 'detached' });
    const focused = await page.evaluate(() => document.activeElement.textContent.trim());
    assert.equal(focused, 'For you');
    await waiting(page, books, 'view');
    const { batch, answer } = await delivery(page);
    assert.equal(answer.accepted, 1);
    await page.reload();
    await answered(page);
    await foot(page, 'this page records how far down');
    assert.equal(await line(page).count(), 0);
    assert.equal((await remembered(page, books)).session, batch.session);
  });

  it('nothing is recorded after a no, and the tab asks no more', async (t) => {
    const visited = await start(t, songs, { width: 360, prepare });
    const { page } = visited;
    await line(page).getByRole('button', { name: 'No', exact: true }).click();
    await line(page).waitFor({ state: 'detached' });
    await page.reload();
    await answered(page);
    await foot(page, 'from now on');
    assert.equal(await line(page).count(), 0);
    await assertNothingRecorded(visited, songs);
  });
});

it('recording can be stopped at the foot of the page, and started again as another session', async (t) => {
  const visited = await start(t, songs, { width: 360 });
  const { page, sent, asked } = visited;
  await waiting(page, songs, 'view');
  const { session } = await remembered(page, songs);
  await press(page, 'Stop recording');
  await foot(page, 'Nothing that you do here is recorded from now on.');
  assert.deepEqual(await remembered(page, songs), { choice: 'no' });
  await page.clock.fastForward(60_000);
  assert.deepEqual(sent, []);
  await press(page, 'Start recording again');
  await page.evaluate(() => scrollTo(0, 0));
  await waiting(page, songs, 'view');
  const again = (await remembered(page, songs)).session;
  assert.match(again, SESSION);
  assert.notEqual(again, session);
  assert.equal(asked.at(-1).session, again);
  assert.equal((await delivery(page)).answer.accepted, 1);
  await press(page, 'Stop recording');
  sent.length = 0;
  await assertNothingRecorded(visited, songs);
});

it('recommending does not wait for events', async (t) => {
  const prepare = (page) => intercept(page, EVENTS, () => new Promise(() => {}));
  const { page } = await start(t, songs, { prepare });
  await waiting(page, songs, 'view');
  const request = page.waitForRequest(EVENTS);
  await page.clock.fastForward(11_000);
  await request;
  await press(page, /^Add /);
  await on(page).favourites.nth(3).waitFor();
  await answered(page);
  assert.equal(await on(page).titles.count(), 10);
});
