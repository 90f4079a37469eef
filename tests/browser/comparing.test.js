import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEPLOYMENTS, answered, ask, pathWith, popular, useBrowser, visit } from './support.js';

useBrowser();

const PHONE = { width: 360, height: 740 };
const inBoth = (page) => page.getByRole('status').filter({ hasText: 'in both' });
const listsOf = (page) =>
  [1, 2].map((number) => page.getByRole('region', { name: `List ${number} of 2` }));

for (const deployment of DEPLOYMENTS) {
  describe(`comparing methods of ${deployment.name}`, () => {
    const start = async (t, { more = '', ...options } = {}) => {
      const picked = await popular(deployment, 3);
      const path = await pathWith(deployment, picked, more);
      const page = await visit(t, deployment, { path, ...options });
      return { page, picked: picked.map(({ id }) => id), lists: listsOf(page) };
    };
    const compared = async (t, options) => {
      const { compare_with: rival } = await ask(deployment, 'model');
      const started = await start(t, { more: `&compare=${rival}`, ...options });
      await inBoth(started.page).waitFor();
      return { ...started, rival };
    };

    it('opens beside the best other method, marks what both have, and is left by a button', async (t) => {
      const { page, picked, lists } = await start(t);
      await answered(page);
      const {
        strategies,
        default_strategy: usual,
        compare_with: rival,
      } = await ask(deployment, 'model');
      await page.getByRole('button', { name: 'Compare two methods' }).click();
      await inBoth(page).waitFor();
      const [first, second] = [usual, rival].map((name) =>
        strategies.find((one) => one.name === name),
      );
      const answers = await Promise.all(
        [first, second].map(({ name }) =>
          ask(deployment, 'recommend', {
            favourites: picked,
            limit: 10,
            strategy: name,
            explain: true,
          }),
        ),
      );
      const ids = answers.map(({ recommendations }) => recommendations.map(({ id }) => id));
      const shared = ids[0].filter((id) => ids[1].includes(id)).length;
      for (const [i, list] of lists.entries()) {
        assert.equal(await list.getByRole('listitem').count(), ids[i].length);
        assert.equal(await list.getByText('in both lists').count(), shared);
      }
      assert.equal(await lists[1].getByRole('combobox').inputValue(), rival);
      await page.locator('.compare-sum').getByText(`${shared} of ${ids[0].length}`).waitFor();

      await page.getByRole('button', { name: 'Stop comparing' }).click();
      await answered(page);
      assert.ok(!page.url().includes('compare='));
    });

    it('links each row of both lists as in the list of one method', async (t) => {
      const { page, lists } = await compared(t);
      const { link } = await ask(deployment, 'model');
      await page.getByRole('heading', { name: 'Two methods compared' }).waitFor();
      for (const list of lists) {
        const links = list.getByRole('link', { name: `on ${link.label}` });
        assert.equal(await links.count(), await list.getByRole('listitem').count());
        const first = links.first();
        const href = new URL(await first.getAttribute('href'));
        assert.equal(href.origin, new URL(link.url).origin);
        const title = await list.getByRole('heading', { level: 3 }).first().innerText();
        assert.ok(decodeURIComponent(href.href).includes(title), href.href);
        assert.equal(await first.getAttribute('rel'), 'noopener noreferrer');
        assert.ok((await first.boundingBox()).height >= 24);
      }
    });

    it('gives the reasons of each list', async (t) => {
      const { page, picked, rival } = await compared(t);
      const { strategies } = await ask(deployment, 'model');
      const { recommendations } = await ask(deployment, 'recommend', {
        favourites: picked,
        limit: 10,
        strategy: rival,
        explain: true,
      });
      const reasons = recommendations.filter(({ because }) => because.length).length;
      const lines = listsOf(page)[1].getByText('Because you liked');
      assert.equal(await lines.count(), reasons);
      assert.equal(reasons > 0, strategies.find(({ name }) => name === rival).explains);
    });

    it('adds from either list, and the keyboard continues with the next', async (t) => {
      const { page, lists } = await compared(t);
      const titles = await lists[1].getByRole('heading').allInnerTexts();
      await lists[1].getByRole('button', { name: /^Add / }).first().focus();
      await page.keyboard.press('Enter');
      await page
        .getByRole('region', { name: /^Your favourites/ })
        .getByRole('listitem')
        .filter({ hasText: titles[0] })
        .waitFor();
      await lists[1]
        .getByRole('heading', { name: titles[0], exact: true })
        .waitFor({ state: 'detached' });
      assert.match(await page.evaluate(() => document.activeElement.ariaLabel), /^Add /);
    });

    it('dismisses from both lists at once', async (t) => {
      const { page, lists } = await compared(t);
      const title = await lists[0].getByRole('heading').first().innerText();
      await lists[0]
        .getByRole('button', { name: /^Not for me: / })
        .first()
        .click();
      for (const list of lists) {
        await list
          .getByRole('heading', { name: title, exact: true })
          .waitFor({ state: 'detached' });
      }
      assert.ok(page.url().includes('not='));
    });

    it('shows both lists on a wide page, and one at a time on a phone', async (t) => {
      const { page, lists } = await compared(t);
      for (const list of lists) assert.ok(await list.isVisible());
      assert.equal(await page.locator('.compare-tab:visible').count(), 0);

      await page.setViewportSize(PHONE);
      const tabs = page.getByRole('group', { name: 'List to show' }).getByRole('button');
      assert.deepEqual([await lists[0].isVisible(), await lists[1].isVisible()], [true, false]);
      await tabs.nth(1).click();
      assert.deepEqual([await lists[0].isVisible(), await lists[1].isVisible()], [false, true]);
      assert.equal(await tabs.nth(1).getAttribute('aria-pressed'), 'true');
      const tooWide = await page.evaluate(() => {
        const { documentElement: root } = document;
        return root.scrollWidth - root.clientWidth;
      });
      assert.ok(tooWide <= 0);
    });

    it('changes the list by swiping on a phone', async (t) => {
      const { page, lists } = await compared(t, { viewport: PHONE, hasTouch: true });
      const swipe = (from, to) =>
        page.locator('.compare').evaluate(
          (element, [from, to]) => {
            const touch = (x) =>
              new Touch({ identifier: 1, target: element, clientX: x, clientY: 300 });
            const send = (type, touches, changedTouches) =>
              element.dispatchEvent(
                new TouchEvent(type, { touches, changedTouches, bubbles: true }),
              );
            send('touchstart', [touch(from)], [touch(from)]);
            send('touchend', [], [touch(to)]);
          },
          [from, to],
        );
      await swipe(300, 280);
      assert.ok(await lists[0].isVisible(), 'a short movement is no swipe');
      await swipe(300, 100);
      await lists[1].waitFor({ state: 'visible' });
      await swipe(100, 300);
      await lists[0].waitFor({ state: 'visible' });
    });
  });
}
