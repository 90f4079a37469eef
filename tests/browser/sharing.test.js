import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  DEPLOYMENTS,
  answered,
  ask,
  on,
  otherModel,
  pathWith,
  popular,
  useBrowser,
  visit,
} from './support.js';

useBrowser();

for (const deployment of DEPLOYMENTS) {
  describe(`links to and from ${deployment.name}`, () => {
    const start = async (t, options = {}) => {
      const picked = await popular(deployment, 3);
      const path = await pathWith(deployment, picked);
      const page = await visit(t, deployment, { path, ...options });
      await answered(page);
      return { page, picked, ...on(page) };
    };

    it('links each row to a page about the item, which is not contacted before', async (t) => {
      const { page, picked, answers } = await start(t);
      const { link } = await ask(deployment, 'model');
      const favourites = picked.map(({ id }) => id);
      const { recommendations } = await ask(deployment, 'recommend', { favourites, limit: 10 });
      for (const [i, item] of recommendations.entries()) {
        const row = answers.nth(i).getByRole('link', { name: `on ${link.label}` });
        const href = new URL(await row.getAttribute('href'));
        assert.equal(href.origin, new URL(link.url).origin);
        assert.ok(decodeURIComponent(href.href).includes(item.title), href.href);
        assert.equal(await row.getAttribute('rel'), 'noopener noreferrer');
        assert.ok((await row.boundingBox()).height >= 24);
      }
      // `visit` fails if the page itself contacts another host.
      await page.getByText(`Links to ${link.label} open another site`).waitFor();
    });

    it('has no links without a template, and none but to https', async (t) => {
      for (const link of [null, { label: 'Bad', url: 'javascript:alert(1)' }]) {
        const prepare = (page) => otherModel(page, (model) => ({ ...model, link }));
        const { answers } = await start(t, { prepare });
        assert.equal(await answers.getByRole('link').count(), 0);
      }
    });

    it('copies the link to this page', async (t) => {
      const { page } = await start(t, { permissions: ['clipboard-read', 'clipboard-write'] });
      await page.getByRole('button', { name: 'Copy link' }).click();
      await page.getByRole('status').filter({ hasText: 'Link copied.' }).waitFor();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), page.url());
    });

    it('shows the link to copy where the browser has no clipboard', async (t) => {
      const { page } = await start(t, {
        prepare: (page) =>
          page.addInitScript(() => {
            Object.defineProperty(navigator, 'clipboard', { value: undefined });
          }),
      });
      await page.getByRole('button', { name: 'Copy link' }).click();
      const field = page.getByRole('textbox', { name: 'Link to this page' });
      assert.equal(await field.inputValue(), page.url());
      assert.equal(await page.evaluate(() => getSelection().toString()), page.url());
      await on(page).favourites.getByRole('button').first().click();
      await field.waitFor({ state: 'detached' });
    });

    it('shares with the system’s dialog where there is one', async (t) => {
      const { page } = await start(t, {
        prepare: (page) =>
          page.addInitScript(() => {
            navigator.share = async (data) => (window.shared = data);
          }),
      });
      await page.getByRole('button', { name: 'Share', exact: true }).click();
      const { title, url } = await page.evaluate(() => window.shared);
      assert.deepEqual([title, url], [await page.title(), page.url()]);
    });

    it('names the favourites in the title and in the tags for previews', async (t) => {
      const { page, picked, favourites } = await start(t);
      const [first, second, third] = picked.map(({ title }) => title);
      const tag = (selector) => page.locator(`meta[${selector}]`).getAttribute('content');
      const title = await page.title();
      assert.ok(title.endsWith(` like ${first}, ${second} and ${third}`), title);
      assert.equal(await tag('property="og:title"'), title);
      for (const selector of ['name="description"', 'property="og:description"']) {
        const text = await tag(selector);
        for (const name of [first, second, third]) assert.ok(text.includes(name), text);
      }
      await favourites.getByRole('button').first().click();
      await favourites.nth(2).waitFor({ state: 'detached' });
      assert.ok((await page.title()).endsWith(` like ${second} and ${third}`));
      await page.getByRole('button', { name: 'Start over' }).click();
      await favourites.first().waitFor({ state: 'detached' });
      assert.match(await page.title(), /you may like$/);
    });
  });
}
