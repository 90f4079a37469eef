/** The page of a recommender whose orders and products are HarperDB tables; RECOMMENDER_OWN_URL names it. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { answered, on, useBrowser, visit } from '../browser/support.js';

useBrowser();

const deployment = { base: new URL(process.env.RECOMMENDER_OWN_URL) };

it('finds products by the names in their table, and recommends others like them', async (t) => {
  const page = await visit(t, deployment);
  const { box, options, favourites, titles } = on(page);
  page.setDefaultTimeout(30_000);
  for (const name of ['Chair 2 ', 'Chair 4 ']) {
    await box.fill(name);
    await options.filter({ hasText: name }).first().click();
  }
  assert.equal(await favourites.count(), 2);
  await answered(page);
  const found = (await titles.allInnerTexts()).slice(0, 5);
  assert.equal(found.length, 5);
  for (const title of found) assert.match(title, /^Chair \d*[02468] \/ 😀$/);
  assert.doesNotMatch(await page.locator('body').innerText(), /undefined|null|NaN|\[object/);
});
