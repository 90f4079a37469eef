/**
 * The pages of recommenders that were described by files alone: RECOMMENDER_OWN_URL names one whose items have ids and
 * no more, RECOMMENDER_PICTURES_URL one with titles, genres and pictures at `https://pictures.example/<id>`.
 */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { answered, on, useBrowser, visit } from '../browser/support.js';

useBrowser();

const deployment = { base: new URL(process.env.RECOMMENDER_OWN_URL) };
const films = { base: new URL(process.env.RECOMMENDER_PICTURES_URL) };
const PICTURES = 'https://pictures.example';
const SQUARE = '<svg xmlns="http://www.w3.org/2000/svg" width="900" height="300"/>';

it('finds items by their ids, recommends others, and names no creator', async (t) => {
  const page = await visit(t, deployment);
  const { box, options, favourites, titles } = on(page);
  page.setDefaultTimeout(30_000);
  await box.waitFor();
  const starts = page.locator('.start:not([aria-hidden])');
  await starts.nth(1).waitFor();
  for (const text of await starts.allInnerTexts()) assert.doesNotMatch(text, /\bby\b/);

  for (const name of ['thing 2', 'thing 4']) {
    await box.fill(name);
    await options.filter({ hasText: name }).first().click();
  }
  assert.equal(await favourites.count(), 2);
  await answered(page);
  const found = await titles.allInnerTexts();
  assert.ok(found.length >= 5);
  const even = found
    .slice(0, 5)
    .filter((title) => Number(title.match(/^thing (\d+)$/)[1]) % 2 === 0);
  assert.equal(even.length, 5, found.join(', '));

  const text = await page.locator('body').innerText();
  assert.doesNotMatch(text, /Demonstration data|undefined|null|NaN|\[object/);
  assert.match(text, /views/);
});

it('shows pictures from their host, and draws a cover where one is missing', async (t) => {
  const asked = [];
  const page = await visit(t, films, {
    path: 'ui/?films=thing%202,thing%204',
    other: PICTURES,
    prepare: (page) =>
      page.route(`${PICTURES}/**`, (route) => {
        const name = decodeURIComponent(new URL(route.request().url()).pathname.slice(1));
        asked.push(name);
        if (name === 'thing 2.svg') return route.fulfill({ status: 404 });
        return route.fulfill({ contentType: 'image/svg+xml', body: SQUARE });
      }),
  });
  await answered(page);
  const { answers, favourites } = on(page);
  const picture = answers.first().getByRole('img', { name: /^Picture of Film \d+$/ });
  await picture.waitFor();
  assert.equal(await picture.getAttribute('loading'), 'lazy');
  const loaded = (image) => image.complete && image.naturalWidth > 0;
  await page.waitForFunction(loaded, await picture.elementHandle());
  const { width, height } = await picture.boundingBox();
  assert.deepEqual([width, height], [72, 72]);

  await on(page).box.fill('film 1');
  const small = await on(page).options.first().locator('img.cover').boundingBox();
  assert.equal(small.width, small.height);
  const drawn = favourites.filter({ hasText: 'Film 2' });
  await drawn.locator('svg.cover').waitFor();
  assert.equal(await favourites.filter({ hasText: 'Film 4' }).locator('img.cover').count(), 1);
  assert.ok(
    asked.every((name) => /^thing \d+\.svg$/.test(name)),
    asked.join(', '),
  );
  await page.getByText('Pictures are loaded from pictures.example.').waitFor();

  const text = await page.locator('body').innerText();
  assert.match(text, /(Even|Odd), Drama/);
  assert.doesNotMatch(text, /undefined|null|NaN|\[object/);
});
