import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  DEPLOYMENTS,
  answered,
  ask,
  intercept,
  json,
  on,
  pathWith,
  popular,
  useBrowser,
  visit,
} from './support.js';

useBrowser();

const asks = /\/recommend$/;

for (const deployment of DEPLOYMENTS) {
  describe(`recommending ${deployment.name}`, () => {
    const start = async (t, { count = 3, more = '', ...options } = {}) => {
      const picked = await popular(deployment, count);
      const path = await pathWith(deployment, picked, more);
      const page = await visit(t, deployment, { path, ...options });
      return { page, picked, ...on(page) };
    };

    it('shows what the route answers, in its order', async (t) => {
      const { page, picked, titles } = await start(t);
      const favourites = picked.map(({ id }) => id);
      const { recommendations } = await ask(deployment, 'recommend', { favourites, limit: 10 });
      await answered(page);
      assert.deepEqual(
        await titles.allInnerTexts(),
        recommendations.map(({ title }) => title),
      );
    });

    it('changes as favourites change, with no list in between', async (t) => {
      const { page, titles, favourites } = await start(t);
      await answered(page);
      const before = await titles.allInnerTexts();
      await page.evaluate(() => {
        window.fewest = Infinity;
        new MutationObserver(() => {
          const rows = document.querySelectorAll('.row h3').length;
          window.fewest = Math.min(window.fewest, rows);
        }).observe(document.body, { childList: true, subtree: true });
      });
      const asked = page.waitForResponse(asks);
      await favourites.getByRole('button').first().click();
      await asked;
      await answered(page);
      assert.notDeepEqual(await titles.allInnerTexts(), before);
      assert.ok((await page.evaluate(() => window.fewest)) >= 10);
    });

    it('says which favourites brought each one', async (t) => {
      const { page, picked, answers } = await start(t);
      await answered(page);
      const { strategies, default_strategy: usual } = await ask(deployment, 'model');
      if (!strategies.find(({ name }) => name === usual).explains)
        return t.skip('explains nothing');
      const lines = await answers.getByText('Because you liked').allInnerTexts();
      assert.ok(lines.length > 0);
      for (const line of lines) {
        assert.ok(
          picked.some(({ title }) => line.includes(title)),
          line,
        );
      }
    });

    it('names two favourites at most, the greater share first and a small one never', async (t) => {
      const shares = [0.1, 0.55, 0.35];
      const { page, picked, answers } = await start(t, {
        prepare: (page) =>
          intercept(page, asks, async (route) => {
            const { favourites } = route.request().postDataJSON();
            const because = favourites.map((id, i) => ({ id, share: shares[i] }));
            const answer = await (await route.fetch()).json();
            const recommendations = answer.recommendations.map((one) => ({ ...one, because }));
            return json(route, 200, { ...answer, recommendations });
          }),
      });
      await answered(page);
      const line = await answers.getByText('Because you liked').first().innerText();
      assert.equal(line, `Because you liked ${picked[1].title} and ${picked[2].title}`);
    });

    it('adds one to the favourites, and the keyboard goes on from the next', async (t) => {
      let release;
      const held = new Promise((resolve) => (release = resolve));
      const { page, titles, favourites } = await start(t, {
        prepare: (page) =>
          intercept(page, asks, (route) =>
            route.request().postDataJSON().favourites.length < 4
              ? null
              : held.then(() => route.fallback()),
          ),
      });
      await answered(page);
      const [first, second] = await titles.allInnerTexts();
      await page.getByRole('button', { name: /^Add / }).first().focus();
      const told = page.waitForResponse(asks);
      await page.keyboard.press('Enter');
      await favourites.filter({ hasText: first }).waitFor();
      const focused = () => page.evaluate(() => document.activeElement.ariaLabel);
      assert.ok((await focused()).startsWith(`Add ${second}`), await focused());

      release();
      await told;
      await answered(page);
      assert.ok(!(await titles.allInnerTexts()).includes(first));
      assert.match(await focused(), /^Add /, 'whatever became of the row');
    });

    it('dismisses one for good, until it is allowed again', async (t) => {
      const { page, titles } = await start(t);
      await answered(page);
      const [first] = await titles.allInnerTexts();
      await page
        .getByRole('button', { name: /^Not for me: / })
        .first()
        .focus();
      await page.keyboard.press('Enter');
      await titles.filter({ hasText: first }).first().waitFor({ state: 'detached' });

      await page.reload();
      await answered(page);
      assert.ok(!(await titles.allInnerTexts()).includes(first));

      await page.locator('summary').filter({ hasText: 'Not for me' }).click();
      await page.getByRole('button', { name: `Show ${first}` }).click();
      await titles.filter({ hasText: first }).first().waitFor();
    });

    it('offers each strategy with its sentence, and asks the chosen one', async (t) => {
      const { page } = await start(t);
      await answered(page);
      const { strategies, default_strategy: usual } = await ask(deployment, 'model');
      for (const { title, description } of strategies) {
        await page.getByRole('radio', { name: title }).waitFor();
        await page.getByText(description, { exact: true }).waitFor();
      }
      const other = strategies.find(({ name }) => name !== usual);
      const asked = page.waitForRequest(asks);
      await page.getByRole('radio', { name: other.title }).check();
      assert.equal((await asked).postDataJSON().strategy, other.name);
      assert.ok(page.url().includes(`strategy=${other.name}`));
    });

    it('says of what variety adds that it is a change, where no favourite is a strong reason', async (t) => {
      let weak = [];
      const { page, answers } = await start(t, {
        prepare: (page) =>
          intercept(page, asks, async (route) => {
            const answer = await (await route.fetch()).json();
            const recommendations = answer.recommendations.map((one, i) =>
              i % 2 ? { ...one, because: [] } : one,
            );
            weak = recommendations.filter(({ because }) => !because.length);
            return json(route, 200, { ...answer, recommendations });
          }),
      });
      await answered(page);
      const { strategies, default_strategy: usual } = await ask(deployment, 'model');
      if (!strategies.find(({ name }) => name === usual).explains)
        return t.skip('explains nothing');
      await answers.getByText('A change from your favourites').first().waitFor();
      assert.equal(await answers.getByText('A change from your favourites').count(), weak.length);
      assert.equal(await answers.getByText('Because you liked').count(), 10 - weak.length);
    });

    it('says nothing of reasons where the method knows none, but what is there to be tried', async (t) => {
      const { page, answers } = await start(t, {
        prepare: (page) =>
          intercept(page, asks, async (route) => {
            const answer = await (await route.fetch()).json();
            const recommendations = answer.recommendations.map((one, i) => ({
              ...one,
              because: [],
              ...(i === 4 && { explored: true }),
            }));
            return json(route, 200, { ...answer, recommendations });
          }),
      });
      await answered(page);
      assert.equal(await answers.getByText('Something new to try').count(), 1);
      assert.equal(await answers.getByText(/A change from|Because you/).count(), 0);
    });

    it('varies more when the slider is moved by keyboard', async (t) => {
      const { page, picked, titles } = await start(t);
      await answered(page);
      const slider = page.getByRole('slider', { name: 'Variety' });
      await slider.focus();
      // A slow hand asks on the way, too: only the last answer counts.
      const last = page.waitForResponse(
        (response) =>
          asks.test(response.url()) && response.request().postDataJSON().diversity === 0.5,
      );
      for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowRight');
      await last;
      await answered(page);

      assert.equal(await slider.getAttribute('aria-valuetext'), 'some');
      assert.ok(page.url().includes('variety=0.5'));
      const favourites = picked.map(({ id }) => id);
      const varied = await ask(deployment, 'recommend', { favourites, limit: 10, diversity: 0.5 });
      assert.deepEqual(
        await titles.allInnerTexts(),
        varied.recommendations.map(({ title }) => title),
      );
    });

    it('shows more on demand', async (t) => {
      const { page, titles } = await start(t);
      await answered(page);
      await page.getByRole('button', { name: 'Show more' }).click();
      await titles.nth(19).waitFor();
      assert.equal(await titles.count(), 20);
    });

    it('offers no more where there is none', async (t) => {
      let left = 13;
      const { page, titles } = await start(t, {
        prepare: (page) =>
          intercept(page, asks, async (route) => {
            const answer = await (await route.fetch()).json();
            const recommendations = answer.recommendations.slice(0, left);
            return json(route, 200, { ...answer, recommendations });
          }),
      });
      const more = page.getByRole('button', { name: 'Show more' });
      await answered(page);
      await more.click();
      await titles.nth(12).waitFor();
      await more.waitFor({ state: 'detached' });
      assert.equal(await titles.count(), 13);

      left = 7;
      await page.reload();
      await titles.nth(6).waitFor();
      assert.equal(await more.count(), 0);
    });

    it('drops an answer that was overtaken', async (t) => {
      let held;
      const { page, titles, favourites } = await start(t, {
        prepare: (page) =>
          intercept(page, asks, (route) => {
            const { favourites } = route.request().postDataJSON();
            if (favourites.length !== 2 || held) return null;
            held = new Promise((resolve) => setTimeout(resolve, 1500)).then(() => route.fallback());
            return held;
          }),
      });
      await answered(page);
      const remove = favourites.getByRole('button');
      const asked = page.waitForRequest(asks);
      await remove.first().click();
      await asked;
      const told = page.waitForResponse(asks);
      await remove.first().click();
      await told;
      await answered(page);
      const now = await titles.allInnerTexts();
      await held.catch(() => {});
      await page.waitForTimeout(500);
      assert.deepEqual(await titles.allInnerTexts(), now);
    });
  });
}
