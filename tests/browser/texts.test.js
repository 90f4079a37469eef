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

const LONG = 'A very long title that goes on and on '.repeat(8).trim();
const UNBROKEN = 'Donaudampfschifffahrtsgesellschaft'.repeat(5);
const ODD = [
  '<img src=x onerror="window.harmed = true"><b>bold</b>',
  '<script>window.harmed = true</script>',
  '{{ 7 * 7 }} ${7 * 7}',
  'أغنية طويلة من اليمين إلى اليسار (2024)',
  'שיר מימין לשמאל, part 2',
  '🎸🎶 Ça plane pour moi 👩‍👩‍👧‍👦 𝔘𝔫𝔦𝔠𝔬𝔡𝔢',
  LONG,
  UNBROKEN,
  '“Quotes” & <ampersands>',
  '\u202eevil override\u202c',
];
const dress = (items) => items.map((item, i) => ({ ...item, title: ODD[i % ODD.length] }));

for (const deployment of DEPLOYMENTS) {
  describe(`odd titles of ${deployment.name}`, () => {
    const withOddTitles = async (t, options = {}) => {
      const picked = await popular(deployment, 5);
      const path = await pathWith(deployment, picked, options.more);
      const { creator } = await ask(deployment, 'model');
      const odd = (item) => ({ ...item, [creator]: ODD[6 - (item.id.length % 3)] });
      return visit(t, deployment, {
        path,
        ...options,
        prepare: async (page) => {
          await intercept(page, /\/recommend$/, async (route) => {
            const answer = await (await route.fetch()).json();
            const recommendations = dress(answer.recommendations).map(odd);
            return json(route, 200, { ...answer, recommendations });
          });
          await intercept(page, /\/(songs|books)\/[^?]+$/, async (route) => {
            const item = await (await route.fetch()).json();
            const place = picked.findIndex(({ id }) => id === item.id);
            return json(route, 200, { ...item, title: ODD[place] });
          });
          await intercept(page, /\/(songs|books)\?/, async (route) => {
            const answer = await (await route.fetch()).json();
            return json(route, 200, { [deployment.name]: dress(answer[deployment.name]) });
          });
        },
      });
    };

    it('shows markup as text and runs none of it', async (t) => {
      const page = await withOddTitles(t);
      await answered(page);
      await on(page).box.fill('th');
      await on(page).options.first().waitFor();
      const shown = await on(page).titles.evaluateAll((all) => all.map((one) => one.textContent));
      assert.deepEqual(shown, ODD);
      assert.equal(await page.evaluate(() => window.harmed), undefined);
      assert.equal(await page.locator('main img, main script, main b').count(), 0);
    });

    for (const width of [320, 360, 768, 1280]) {
      it(`fits into ${width} px, side by side too`, async (t) => {
        for (const more of ['', '&compare=nearest-user']) {
          const page = await withOddTitles(t, { more, viewport: { width, height: 800 } });
          await page.locator('.rows h3, .compare-title').nth(9).waitFor();
          assert.deepEqual(await overflowing(page), []);
        }
      });
    }

    it('lets each title run in its own direction', async (t) => {
      const page = await withOddTitles(t);
      await answered(page);
      const directions = await on(page).titles.evaluateAll((all) =>
        all.map((one) => getComputedStyle(one).direction),
      );
      assert.deepEqual(directions.slice(2, 6), ['ltr', 'rtl', 'rtl', 'ltr']);
    });
  });
}

/** Whatever reaches past the right edge, leaving out what scrolls in a box of its own. */
function overflowing(page) {
  return page.evaluate(() => {
    const edge = document.documentElement.clientWidth;
    const scrolls = (element) => element.closest('.more-scroll, .figures-scroll, .chips, .hidden');
    return [...document.querySelectorAll('body *')]
      .filter((element) => !scrolls(element) && element.getBoundingClientRect().right > edge + 1)
      .map((element) => `${element.tagName}.${element.getAttribute('class')}`);
  });
}
