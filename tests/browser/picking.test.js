import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  DEPLOYMENTS,
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

/** The beginning of a title, long enough to find it and with nothing but letters in it. */
const beginning = ({ title }) => title.match(/[\p{L}\p{N}]{3,}/u)[0].slice(0, 3);
const searches = /\/(songs|books)\?/;

for (const deployment of DEPLOYMENTS) {
  describe(`picking ${deployment.name}`, () => {
    it('takes a favourite with the keyboard alone', async (t) => {
      const page = await visit(t, deployment);
      const { box, options, favourites } = on(page);
      const [item] = await popular(deployment, 1);
      await box.waitFor();
      for (let i = 0; i < 6 && !(await hasFocus(box)); i++) await page.keyboard.press('Tab');
      assert.ok(await hasFocus(box), 'Tab leads to the box');

      await page.keyboard.type(item.title);
      await options.first().waitFor();
      await page.keyboard.press('Enter');

      await favourites.first().waitFor();
      assert.match(await favourites.first().innerText(), new RegExp(escaped(item.title)));
      assert.equal(await box.inputValue(), '');
      assert.ok(await hasFocus(box), 'the next one can be typed at once');
    });

    it('suggests from the second letter on', async (t) => {
      const asked = [];
      const page = await visit(t, deployment, {
        prepare: (page) => page.on('request', (request) => asked.push(request.url())),
      });
      const { box, options } = on(page);
      const [item] = await popular(deployment, 1);
      const letters = beginning(item);
      const about = (text) => asked.some((url) => new URL(url).searchParams.get('q') === text);

      await box.pressSequentially(letters[0]);
      await page.waitForTimeout(500);
      assert.equal(await options.count(), 0);
      assert.ok(!about(letters[0]));

      await box.pressSequentially(letters[1]);
      await options.first().waitFor();
      assert.ok(about(letters.slice(0, 2)));
      assert.equal(await box.getAttribute('aria-expanded'), 'true');
    });

    it('waits until typing pauses before it asks', async (t) => {
      const asked = [];
      const page = await visit(t, deployment, {
        prepare: (page) =>
          page.on(
            'request',
            (request) => searches.test(request.url()) && asked.push(request.url()),
          ),
      });
      const { box, options } = on(page);
      const [item] = await popular(deployment, 1);
      await box.waitFor();
      await page.waitForLoadState('networkidle');
      asked.length = 0;
      await box.evaluate((input) => {
        window.typed = [];
        input.addEventListener('input', () => window.typed.push(performance.now()));
      });

      await box.pressSequentially(item.title.slice(0, 8), { delay: 20 });
      await options.first().waitFor();

      // A busy machine types with pauses.
      const typed = await page.evaluate(() => window.typed);
      const pauses = typed.filter((at, key) => key > 0 && at - typed[key - 1] > 100);
      assert.ok(asked.length >= 1 && asked.length <= 1 + pauses.length, `${asked.length} asked`);
    });

    it('marks the beginnings that were typed', async (t) => {
      const page = await visit(t, deployment);
      const { box, options } = on(page);
      const [item] = await popular(deployment, 1);
      const letters = beginning(item);

      await box.fill(letters);
      await options.first().waitFor();

      const marks = await options.first().locator('mark').allInnerTexts();
      assert.ok(marks.length > 0);
      for (const mark of marks) assert.equal(fold(mark), fold(letters));
    });

    it('finds a misspelled word and marks what was meant', async (t) => {
      const page = await visit(t, deployment);
      const { box, options } = on(page);
      const long = /\b[a-z]{7,}\b/i;
      const item = (await popular(deployment, 30)).find(({ title }) => long.test(title));
      const [word] = item.title.match(long);

      await box.fill(word.slice(0, 3) + word.slice(4));
      const option = options.filter({ hasText: item.title }).first();
      await option.waitFor();
      assert.ok((await option.locator('mark').allInnerTexts()).includes(word));
    });

    it('is cleared by a button, which leaves the focus in the box', async (t) => {
      const page = await visit(t, deployment);
      const { box, options } = on(page);
      const clear = page.getByRole('button', { name: 'Clear the search' });
      assert.equal(await clear.count(), 0);
      await box.fill('th');
      await options.first().waitFor();
      await clear.click();
      await options.first().waitFor({ state: 'detached' });
      assert.equal(await box.inputValue(), '');
      assert.ok(await hasFocus(box));
      await clear.waitFor({ state: 'detached' });
    });

    it('is focused by a slash from anywhere but a field', async (t) => {
      const picked = await popular(deployment, 3);
      const page = await visit(t, deployment, { path: await pathWith(deployment, picked) });
      const { box } = on(page);
      await box.waitFor();
      await page.getByRole('slider', { name: 'Variety' }).focus();
      await page.keyboard.press('/');
      assert.ok(await hasFocus(box));
      assert.equal(await box.inputValue(), '');
      await page.keyboard.type('ac/dc');
      assert.equal(await box.inputValue(), 'ac/dc');
    });

    it('walks with the arrows, Home and End, and closes with Escape', async (t) => {
      const page = await visit(t, deployment);
      const { box, options } = on(page);
      await box.fill('th');
      await options.nth(2).waitFor();
      const count = await options.count();
      const active = async () => {
        const id = await box.getAttribute('aria-activedescendant');
        const ids = await options.evaluateAll((all) => all.map((one) => one.id));
        return ids.indexOf(id);
      };
      const press = async (key) => {
        await page.keyboard.press(key);
        return active();
      };

      assert.equal(await active(), 0);
      assert.equal(await press('ArrowDown'), 1);
      assert.equal(await press('ArrowDown'), 2);
      assert.equal(await press('ArrowUp'), 1);
      assert.equal(await press('End'), count - 1);
      assert.equal(await press('Home'), 0);
      await page.keyboard.press('Escape');

      await options.first().waitFor({ state: 'detached' });
      assert.equal(await box.getAttribute('aria-expanded'), 'false');
      assert.equal(await box.inputValue(), 'th');

      await page.keyboard.press('Home');
      assert.equal(await box.evaluate((input) => input.selectionStart), 0);
    });

    it('tells how many were found', async (t) => {
      const page = await visit(t, deployment);
      const { box, options } = on(page);
      await box.fill('th');
      await options.first().waitFor();
      const count = await options.count();
      await page
        .getByRole('status')
        .filter({ hasText: `${count} ${deployment.name}` })
        .waitFor();
    });

    it('drops an answer that was overtaken', async (t) => {
      const [item] = await popular(deployment, 1);
      const page = await visit(t, deployment, {
        prepare: (page) =>
          intercept(page, searches, (route) =>
            new URL(route.request().url()).searchParams.get('q') === 'zz'
              ? later(2000, () =>
                  json(route, 200, { [deployment.name]: [{ id: 'late', title: 'Zz too late' }] }),
                )
              : null,
          ),
      });
      const { box, options } = on(page);
      const asked = page.waitForRequest((request) => request.url().includes('q=zz'));
      await box.fill('zz');
      await asked;
      await box.fill(item.title);
      await options.first().waitFor();
      await page.waitForTimeout(2200);

      assert.match(await options.first().innerText(), new RegExp(escaped(item.title)));
      assert.equal(await page.getByText('Zz too late').count(), 0);
    });

    it('takes nothing from the list of an earlier text, and the first of the text’s own', async (t) => {
      const [both, first] = ['Zz both', 'Zzyy first'].map((title) => ({ id: title, title }));
      let release;
      const held = new Promise((resolve) => (release = resolve));
      const page = await visit(t, deployment, {
        prepare: (page) =>
          intercept(page, searches, (route) => {
            const typed = new URL(route.request().url()).searchParams.get('q');
            if (typed === 'zz') return json(route, 200, { [deployment.name]: [both] });
            if (typed !== 'zzyy') return null;
            return held.then(() => json(route, 200, { [deployment.name]: [first, both] }));
          }),
      });
      const { box, options, favourites } = on(page);
      await box.fill('zz');
      await options.filter({ hasText: both.title }).waitFor();

      const asked = page.waitForRequest((request) => request.url().includes('q=zzyy'));
      await box.fill('zzyy');
      await page.keyboard.press('Enter');
      await asked;
      assert.equal(await favourites.count(), 0);
      assert.equal(await box.inputValue(), 'zzyy');
      assert.deepEqual(await options.allInnerTexts(), [both.title]);
      assert.equal(await page.getByRole('listbox').getAttribute('aria-busy'), 'true');

      release();
      await favourites.filter({ hasText: first.title }).waitFor();
      assert.equal(await favourites.count(), 1);
      assert.equal(await box.inputValue(), '');
    });

    it('picks the first match for a title that is typed fast, with Enter at once', async (t) => {
      const page = await visit(t, deployment);
      const { box, favourites } = on(page);
      const [word, title] = {
        songs: ['sandman', 'Enter Sandman'],
        books: ['hobbit', 'The Hobbit'],
      }[deployment.name];
      await box.focus();
      await page.keyboard.type(word, { delay: 40 });
      await page.keyboard.press('Enter');
      await favourites.filter({ hasText: title }).waitFor();
      assert.equal(await favourites.count(), 1);
      assert.equal(await box.inputValue(), '');
    });

    it('forgets an Enter when the text changes before the search ends, or finds nothing', async (t) => {
      const page = await visit(t, deployment, {
        prepare: (page) => intercept(page, /\?q=th&/, () => new Promise(() => {})),
      });
      const { box, options, favourites } = on(page);
      await box.fill('th');
      await page.keyboard.press('Enter');
      await page.keyboard.type('e');
      await options.first().waitFor();
      await page.waitForTimeout(500);
      assert.equal(await favourites.count(), 0);

      await box.fill('qxqxqx');
      await page.keyboard.press('Enter');
      await page.getByText('Check the spelling').waitFor();
      await box.fill('the');
      await options.first().waitFor();
      await page.waitForTimeout(500);
      assert.equal(await favourites.count(), 0);
    });

    it('says so when nothing fits', async (t) => {
      const page = await visit(t, deployment);
      await on(page).box.fill('qxqxqx');
      await page.getByText('Check the spelling').waitFor();
      await page.getByRole('status').filter({ hasText: 'found' }).waitFor();
    });

    it('does not offer a favourite twice', async (t) => {
      const [item] = await popular(deployment, 1);
      const page = await visit(t, deployment, { path: await pathWith(deployment, [item]) });
      const { box, options, favourites } = on(page);
      await box.fill(item.title);
      const own = options.filter({ hasText: 'picked' });
      await own.waitFor();
      await own.click({ force: true });
      assert.equal(await favourites.count(), 1);
    });

    it('takes ten and no eleventh', async (t) => {
      const ten = await popular(deployment, 10);
      const page = await visit(t, deployment, { path: await pathWith(deployment, ten.slice(1)) });
      const { box, options, favourites } = on(page);
      await box.fill(ten[0].title);
      await options.first().waitFor();
      await page.keyboard.press('Enter');
      await favourites.nth(9).waitFor();

      assert.ok(await box.isDisabled());
      await page.getByText('Remove one to add another').waitFor();
      await page.getByRole('button', { name: /^Add / }).first().waitFor();
      assert.ok(await page.getByRole('button', { name: /^Add / }).first().isDisabled());
    });

    it('takes no more than the model does', async (t) => {
      const six = await popular(deployment, 6);
      const asked = [];
      const page = await visit(t, deployment, {
        path: await pathWith(deployment, six),
        prepare: async (page) => {
          page.on('request', (request) => request.method() === 'POST' && asked.push(request));
          await otherModel(page, (model) => ({
            ...model,
            requests: { ...model.requests, favourites: 5 },
          }));
        },
      });
      const { box, favourites } = on(page);
      await page.getByText('Remove one to add another').waitFor();
      await page.getByText(`Pick up to five ${deployment.name}.`).waitFor();
      await page.getByText('5 of 5').waitFor();
      assert.ok(await box.isDisabled());
      assert.equal(await favourites.count(), 5);
      await page.getByRole('button', { name: /^Add / }).first().waitFor();
      for (const request of asked) assert.equal(request.postDataJSON().favourites.length, 5);
    });

    it('keeps the focus in the list when a favourite is removed by keyboard', async (t) => {
      const three = await popular(deployment, 3);
      const page = await visit(t, deployment, { path: await pathWith(deployment, three) });
      const { favourites, box } = on(page);
      const remove = favourites.getByRole('button', { name: /^Remove/ });
      await remove.nth(2).focus();

      for (const left of [2, 1]) {
        await page.keyboard.press('Enter');
        await favourites.nth(left).waitFor({ state: 'detached' });
        assert.ok(await hasFocus(remove.nth(left - 1)));
      }
      await page.keyboard.press('Enter');
      await favourites.first().waitFor({ state: 'detached' });
      assert.ok(await hasFocus(box));
    });

    it('starts from an example that goes together', async (t) => {
      const page = await visit(t, deployment);
      const examples = page
        .getByRole('region', { name: 'Not sure where to start?' })
        .getByRole('listitem');
      const example = examples.getByRole('button').first();
      await example.waitFor();
      assert.equal(await examples.count(), 3);
      await example.click();
      await on(page).favourites.nth(2).waitFor();
      await on(page).answers.first().waitFor();
    });

    it('surprises with three, and with others the next time', async (t) => {
      const page = await visit(t, deployment);
      const seen = new Set();
      await page.getByRole('button', { name: 'Surprise me' }).click();
      for (let i = 0; i < 4; i++) {
        await on(page).favourites.nth(2).waitFor();
        assert.equal(await on(page).favourites.count(), 3);
        const before = page.url();
        seen.add(before);
        await page.getByRole('button', { name: 'Surprise me instead' }).click();
        // The same three may come again, if seldom.
        await page.waitForURL((url) => url.href !== before, { timeout: 3_000 }).catch(() => {});
      }
      assert.ok(seen.size > 1);
    });
  });
}

const hasFocus = (locator) => locator.evaluate((element) => element === document.activeElement);
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const fold = (text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
const later = (milliseconds, act) =>
  new Promise((resolve) => setTimeout(resolve, milliseconds)).then(act);
