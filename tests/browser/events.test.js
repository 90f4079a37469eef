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

/** Every event so far, sent or not: on a busy machine some are due before a test looks. */
async function recorded({ page, sent }, deployment) {
  const { session, waiting = [] } = (await remembered(page, deployment)) ?? {};
  const batches = sent.map((request) => request.postDataJSON());
  const known = batches.filter((batch) => batch.session === session || !session);
  const events = [...known.flatMap((batch) => batch.events), ...waiting];
  return [...new Map(events.map((event) => [event.id, event])).values()];
}

/** Waits for an event of this type, the last one, and returns it. */
async function until(visited, deployment, type, isWanted = () => true) {
  const end = Date.now() + 20_000;
  for (;;) {
    const events = await recorded(visited, deployment);
    const event = events.findLast((one) => one.type === type && isWanted(one));
    if (event) return event;
    assert.ok(Date.now() < end, `no ${type} among ${JSON.stringify(events)}`);
    await visited.page.waitForTimeout(50);
  }
}

/** Lets the page send what is due, until the server has confirmed everything; returns its answers. */
async function delivered({ page, sent }, deployment) {
  const end = Date.now() + 20_000;
  await page.clock.fastForward(11_000);
  while ((await remembered(page, deployment))?.waiting?.length) {
    assert.ok(Date.now() < end, 'the events are not confirmed');
    await page.waitForTimeout(50);
  }
  return Promise.all(sent.map(async (request) => (await request.response()).json()));
}

const sumOf = (answers, count) => answers.reduce((sum, answer) => sum + answer[count], 0);

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
      const visited = await start(t, deployment, { width, prepare });
      const { page, sent, asked } = visited;
      const position = await shownDownTo(page);
      assert.ok(position > 0 && position < 10, `${position} rows are on the screen`);
      const isDown = (view) => view.position === position;
      const view = await until(visited, deployment, 'view', isDown);
      await page.locator('.row .item-link').first().click();
      const next = page.waitForResponse(/\/recommend$/);
      await press(page, /^Not for me: /, 1);
      await next;
      await answered(page);
      await press(page, /^Add /);
      const like = await until(visited, deployment, 'like');
      const click = await until(visited, deployment, 'click');
      const dislike = await until(visited, deployment, 'dislike');
      const answers = await delivered(visited, deployment);
      const events = await recorded(visited, deployment);
      assert.equal(sumOf(answers, 'accepted') + sumOf(answers, 'duplicates'), events.length);
      assert.deepEqual(
        answers.flatMap(({ refused }) => refused),
        [],
      );
      const [{ session }] = sent.map((request) => request.postDataJSON());
      assert.match(session, SESSION);
      assert.ok(asked.every((body) => body.session === session));
      assert.equal(click.position, 1);
      assert.equal(dislike.position, 2);
      assert.deepEqual([click.answer, dislike.answer], [view.answer, view.answer]);
      assert.deepEqual([like.item, like.position], [click.item, 1]);
      assert.ok(like.answer && like.answer !== view.answer, 'the answer that followed');
    });

    it('say it when the list is seen further down', async (t) => {
      const visited = await start(t, deployment, { width });
      const { page } = visited;
      const position = await shownDownTo(page);
      const isDown = (view) => view.position === position;
      const first = await until(visited, deployment, 'view', isDown);
      await delivered(visited, deployment);
      const before = (await recorded(visited, deployment)).length;
      await page.locator('.row').last().scrollIntoViewIfNeeded();
      const second = await until(visited, deployment, 'view', (view) => view.position === 10);
      assert.equal(second.answer, first.answer);
      const added = (await recorded(visited, deployment)).length - before;
      assert.ok(added < 10 - position, 'not one event a row');
    });

    it('arrive when the page is closed before they are due', async (t) => {
      const visited = await start(t, deployment, { width });
      const { page } = visited;
      await press(page, /^Not for me: /);
      await until(visited, deployment, 'view');
      await until(visited, deployment, 'dislike');
      const { session } = await remembered(page, deployment);
      const events = await recorded(visited, deployment);
      const closed = page.waitForEvent('close');
      await page.close({ runBeforeUnload: true });
      await closed;
      await untilStored(deployment, { session, events });
    });

    it('are not sent for what was undone', async (t) => {
      const visited = await start(t, deployment, { width });
      const { page } = visited;
      await press(page, /^Not for me: /);
      await press(page, /^Undo: /);
      await press(page, /^Add /);
      await on(page).favourites.nth(3).getByRole('button').click();
      await answered(page);
      await until(visited, deployment, 'view');
      const events = await recorded(visited, deployment);
      assert.ok(events.every(({ type }) => type === 'view'));
    });
  });
}

describe('an item that was searched for', () => {
  it('is liked without an answer', async (t) => {
    const visited = await start(t, songs);
    const { page } = visited;
    const [item] = (await popular(songs, 9)).slice(8);
    await on(page).box.fill(item.title);
    await on(page).options.first().click();
    const { answer, position } = await until(visited, songs, 'like');
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
  const request = page.waitForEvent('requestfinished', (one) => EVENTS.test(one.url()));
  await page.waitForTimeout(600);
  await page.clock.fastForward(11_000);
  await request;
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
    const visited = await start(t, books, { prepare });
    const { page, asked } = visited;
    await line(page).waitFor();
    assert.equal(await remembered(page, books), null);
    assert.ok(asked.every((body) => !('session' in body)));
    await line(page).getByRole('button', { name: 'Yes, record' }).click();
    await line(page).waitFor({ state: 'detached' });
    const focused = await page.evaluate(() => document.activeElement.textContent.trim());
    assert.equal(focused, 'For you');
    await until(visited, books, 'view');
    const { session } = await remembered(page, books);
    assert.ok(sumOf(await delivered(visited, books), 'accepted') > 0);
    await page.reload();
    await answered(page);
    await foot(page, 'this page records how far down');
    assert.equal(await line(page).count(), 0);
    assert.equal((await remembered(page, books)).session, session);
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
  await until(visited, songs, 'view');
  const { session } = await remembered(page, songs);
  await press(page, 'Stop recording');
  await foot(page, 'Nothing that you do here is recorded from now on.');
  assert.deepEqual(await remembered(page, songs), { choice: 'no' });
  const before = sent.length;
  await page.clock.fastForward(60_000);
  assert.equal(sent.length, before);
  await press(page, 'Start recording again');
  await page.evaluate(() => scrollTo(0, 0));
  await until(visited, songs, 'view');
  const again = (await remembered(page, songs)).session;
  assert.match(again, SESSION);
  assert.notEqual(again, session);
  assert.equal(asked.at(-1).session, again);
  assert.ok(sumOf(await delivered(visited, songs), 'accepted') > 0);
  await press(page, 'Stop recording');
  sent.length = 0;
  await assertNothingRecorded(visited, songs);
});

it('recommending does not wait for events', async (t) => {
  const prepare = (page) => intercept(page, EVENTS, () => new Promise(() => {}));
  const { page } = await start(t, songs, { prepare });
  const request = page.waitForRequest(EVENTS);
  await page.waitForTimeout(600);
  await page.clock.fastForward(11_000);
  await request;
  await press(page, /^Add /);
  await on(page).favourites.nth(3).waitFor();
  await answered(page);
  assert.equal(await on(page).titles.count(), 10);
});
