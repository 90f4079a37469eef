import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEPLOYMENTS, answered, on, pathWith, popular, useBrowser, visit } from './support.js';

useBrowser();

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

for (const deployment of DEPLOYMENTS) {
  describe(`${deployment.name} on a phone`, () => {
    for (const count of [1, 3, 5, 10]) {
      it(`shows the first recommendation without scrolling, with ${count} favourites`, async (t) => {
        const path = await pathWith(deployment, await popular(deployment, count));
        const page = await visit(t, deployment, { path, ...PHONE });
        await answered(page);
        assert.equal(await page.evaluate(() => scrollY), 0);
        const head = await page.getByRole('heading', { name: 'For you' }).boundingBox();
        const first = await on(page).answers.first().boundingBox();
        assert.ok(head.y > 0 && head.y + head.height < PHONE.viewport.height, `head at ${head.y}`);
        const end = first.y + first.height;
        assert.ok(end <= PHONE.viewport.height, `the first row ends at ${end}`);
      });
    }

    it('keeps every favourite within reach', async (t) => {
      const ten = await popular(deployment, 10);
      const path = await pathWith(deployment, ten);
      const page = await visit(t, deployment, { path, ...PHONE });
      await answered(page);
      const last = on(page).favourites.nth(9);
      await last.scrollIntoViewIfNeeded();
      await last.getByRole('button').tap();
      await last.waitFor({ state: 'detached' });
    });

    it('raises no keyboard for a starter set, and shows the recommendations', async (t) => {
      const page = await visit(t, deployment, PHONE);
      const sets = page.getByRole('region', { name: 'Not sure where to start?' });
      await sets.getByRole('listitem').getByRole('button').nth(1).tap();
      await on(page).favourites.nth(2).waitFor();
      await answered(page);
      assert.ok(!(await isTyping(page)));
      const focused = await page.evaluate(() => document.activeElement.textContent.trim());
      assert.equal(focused, 'For you');
      assert.equal(await page.evaluate(() => scrollY), 0);
    });

    it('raises no keyboard when everything is removed', async (t) => {
      const path = await pathWith(deployment, await popular(deployment, 2));
      const page = await visit(t, deployment, { path, ...PHONE });
      await answered(page);
      await page.getByRole('button', { name: 'Start over' }).tap();
      await on(page).favourites.first().waitFor({ state: 'detached' });
      assert.ok(!(await isTyping(page)));
    });
  });

  for (const width of [360, 1280]) {
    describe(`dismissing ${deployment.name} at ${width} px`, () => {
      const start = async (t, more = '') => {
        const path = await pathWith(deployment, await popular(deployment, 3), more);
        const page = await visit(t, deployment, { path, viewport: { width, height: 740 } });
        await answered(page);
        return page;
      };
      const dismiss = async (page, place) => {
        const asked = page.waitForResponse(/\/recommend$/);
        await page
          .getByRole('button', { name: /^Not for me: / })
          .nth(place)
          .click();
        await asked;
        await answered(page);
      };
      const places = (page) =>
        on(page).titles.evaluateAll((all) =>
          Object.fromEntries(
            all.map((one) => [
              one.textContent,
              Math.round(one.getBoundingClientRect().top + scrollY),
            ]),
          ),
        );

      for (const more of ['', '&variety=0.7']) {
        it(`moves no other row${more && ', with variety'}`, async (t) => {
          const page = await start(t, more);
          const before = await places(page);
          const [gone, ...others] = Object.keys(before);
          await dismiss(page, 0);
          const now = await places(page);
          assert.ok(!(gone in now));
          const kept = others.filter((title) => title in now);
          assert.ok(kept.length === 9, `${kept.length} kept`);
          for (const title of kept) assert.equal(now[title], before[title], title);
          assert.equal(Object.keys(now).length, 10, 'another one follows at the end');
        });
      }

      it('can be undone in its place', async (t) => {
        const page = await start(t);
        const before = await on(page).titles.allInnerTexts();
        await dismiss(page, 2);
        const asked = page.waitForResponse(/\/recommend$/);
        await page.getByRole('button', { name: /^Undo: show .* again$/ }).click();
        await asked;
        await answered(page);
        assert.deepEqual((await on(page).titles.allInnerTexts()).slice(0, 10), before);
        assert.ok(!page.url().includes('not='));
      });
    });
  }
}

const isTyping = (page) => page.evaluate(() => document.activeElement.tagName === 'INPUT');
