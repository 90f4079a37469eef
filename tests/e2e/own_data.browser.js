/** The pages of a recommender whose items have ids alone: RECOMMENDER_OWN_URL names it. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { answered, on, useBrowser, visit } from '../browser/support.js';

useBrowser();

const deployment = { base: new URL(process.env.RECOMMENDER_OWN_URL) };

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
