import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEPLOYMENTS, answered, ask, on, pathWith, popular, useBrowser, visit } from './support.js';

useBrowser();

const asks = /\/recommend$/;

for (const deployment of DEPLOYMENTS) {
  for (const width of [360, 1280]) {
    describe(`steps on ${deployment.name} at ${width} px`, () => {
      const start = async (t, { count = 3, more = '', ...options } = {}) => {
        const picked = await popular(deployment, count);
        const path = await pathWith(deployment, picked, more);
        const viewport = { width, height: 740 };
        const page = await visit(t, deployment, { path, viewport, ...options });
        await answered(page);
        return { page, picked, ...on(page) };
      };
      const said = (page, text) => page.getByRole('status').filter({ hasText: text }).waitFor();
      const undo = (page) => page.getByRole('button', { name: 'Undo', exact: true });

      it('can undo the removal of a favourite', async (t) => {
        const { page, picked, favourites } = await start(t);
        const before = page.url();
        await favourites.getByRole('button').nth(1).click();
        await said(page, `Removed ${picked[1].title}`);
        assert.equal(await favourites.count(), 2);
        await undo(page).click();
        await favourites.nth(2).waitFor();
        assert.equal(page.url(), before);
        await undo(page).waitFor({ state: 'detached' });
      });

      it('starts over with every setting at its default, and can undo it', async (t) => {
        const more = '&strategy=nearest-user&variety=0.5&novelty=0.5';
        const { page, favourites } = await start(t, { more });
        const before = page.url();
        await page.getByRole('button', { name: 'Start over' }).click();
        await said(page, 'Started over');
        await favourites.first().waitFor({ state: 'detached' });
        assert.equal(new URL(page.url()).search, '');
        await undo(page).click();
        await favourites.nth(2).waitFor();
        assert.equal(page.url(), before);
      });

      it('can undo a surprise', async (t) => {
        const { page } = await start(t, { count: 1 });
        const before = page.url();
        await page.getByRole('button', { name: 'Surprise me instead' }).click();
        await said(page, 'Your favourites were replaced');
        await undo(page).click();
        await page.waitForURL(before);
      });

      it('announces what was added and what is shown', async (t) => {
        const { page, titles } = await start(t);
        const [first] = await titles.allInnerTexts();
        await page.getByRole('button', { name: /^Add / }).first().click();
        await said(page, `Added ${first}`);
        await said(page, '4 of 10 favourites');
        await said(page, 'New recommendations, first');
        await answered(page);

        await page.getByRole('button', { name: 'Show more' }).click();
        await said(page, `10 more ${deployment.name}, 20 in all.`);
        const place = await titles.evaluateAll((all) => all.indexOf(document.activeElement));
        assert.equal(place, 10, 'the focus is on the first of the new rows');
      });

      it('makes one entry in the history of a slider moved by keyboard', async (t) => {
        const { page } = await start(t);
        const length = () => page.evaluate(() => history.length);
        const before = await length();
        await page.evaluate(() =>
          document.querySelectorAll('details').forEach((d) => (d.open = true)),
        );
        await page.getByRole('slider', { name: 'Variety' }).focus();
        for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight');
        await page.waitForURL(/variety=/);
        assert.equal(await length(), before + 1);
        await page.goBack();
        await page.waitForURL((url) => !url.search.includes('variety'));
      });

      it('says which favourites of a long link were left out', async (t) => {
        const many = (await popular(deployment, 14)).map(({ id, title }) => ({ id, title }));
        const path = await pathWith(deployment, many);
        const viewport = { width, height: 740 };
        const page = await visit(t, deployment, { path, viewport });
        await answered(page);
        const note = page.getByRole('status').filter({ hasText: 'Left out' });
        await note.filter({ hasText: `contains 14 ${deployment.name}` }).waitFor();
        await note.filter({ hasText: many[10].title }).filter({ hasText: '1 more' }).waitFor();
        await on(page).favourites.getByRole('button').first().click();
        await note.waitFor({ state: 'detached' });
      });

      it('brings less popular items when asked to', async (t) => {
        const { page, picked, titles } = await start(t);
        await page.evaluate(() =>
          document.querySelectorAll('details').forEach((d) => (d.open = true)),
        );
        const slider = page.getByRole('slider', { name: 'Less popular' });
        const last = page.waitForResponse(
          (response) =>
            asks.test(response.url()) && response.request().postDataJSON().novelty === 1,
        );
        await slider.fill('1');
        await last;
        await answered(page);
        assert.equal(await slider.getAttribute('aria-valuetext'), 'most');
        const favourites = picked.map(({ id }) => id);
        const answer = await ask(deployment, 'recommend', { favourites, limit: 10, novelty: 1 });
        assert.deepEqual(
          await titles.allInnerTexts(),
          answer.recommendations.map(({ title }) => title),
        );
        const usual = await ask(deployment, 'recommend', { favourites, limit: 10 });
        assert.notDeepEqual(answer.recommendations, usual.recommendations);
      });
    });
  }
}
