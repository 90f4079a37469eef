import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEPLOYMENTS, answered, on, pathWith, popular, useBrowser, visit } from './support.js';

useBrowser();

for (const deployment of DEPLOYMENTS) {
  describe(`the address of ${deployment.name}`, () => {
    const state = async (page) => ({
      favourites: await on(page).favourites.allInnerTexts(),
      titles: await on(page).titles.allInnerTexts(),
      strategy: await page.getByRole('radio', { checked: true }).getAttribute('value'),
      variety: await page.getByRole('slider', { name: 'Variety' }).inputValue(),
    });

    it('gives the same page after a reload and to a stranger', async (t) => {
      const picked = await popular(deployment, 3);
      const path = await pathWith(deployment, picked, '&strategy=nearest-user&variety=0.4');
      const page = await visit(t, deployment, { path });
      await answered(page);
      const asked = page.waitForResponse(/\/recommend$/);
      await page
        .getByRole('button', { name: /^Not for me: / })
        .nth(1)
        .click();
      await page.waitForURL(/not=/);
      await asked;
      await answered(page);
      const before = await state(page);

      await page.reload();
      await answered(page);
      assert.deepEqual(await state(page), before);

      const { href } = new URL(page.url());
      const stranger = await visit(t, deployment, { path: href });
      await answered(stranger);
      assert.deepEqual(await state(stranger), before);
      assert.equal(before.favourites.length, 3);
      assert.equal(before.strategy, 'nearest-user');
    });

    it('lets the back button take back one step at a time', async (t) => {
      const [first, second] = await popular(deployment, 2);
      const page = await visit(t, deployment);
      const { box, options, favourites } = on(page);
      for (const item of [first, second]) {
        await box.fill(item.title);
        await options.first().waitFor();
        await page.keyboard.press('Enter');
        await favourites.filter({ hasText: item.title }).waitFor();
      }
      await page.goBack();
      await favourites.nth(1).waitFor({ state: 'detached' });
      assert.equal(await favourites.count(), 1);
      await page.goBack();
      await favourites.first().waitFor({ state: 'detached' });
      await page.goForward();
      await favourites.first().waitFor();
      await answered(page);
    });

    it('remembers nothing anywhere else, apart from the events of the tab', async (t) => {
      const path = await pathWith(deployment, await popular(deployment, 2));
      const page = await visit(t, deployment, { path });
      await answered(page);
      const kept = await page.evaluate(async () => ({
        local: localStorage.length,
        session: Object.keys(sessionStorage),
        databases: (await indexedDB.databases()).length,
        cookies: document.cookie,
      }));
      const session = [`${deployment.base.pathname.split('/').at(-2)}:events`];
      assert.deepEqual(kept, { local: 0, session, databases: 0, cookies: '' });
    });

    it('bears an address that somebody mangled', async (t) => {
      const [item] = await popular(deployment, 1);
      const more = ',%25E0%2,,,&strategy=none-such&variety=lots&compare=x&not=%00';
      const path = await pathWith(deployment, [item], more);
      const page = await visit(t, deployment, { path });
      await answered(page);
      assert.equal(await on(page).titles.count(), 10);
    });
  });
}
