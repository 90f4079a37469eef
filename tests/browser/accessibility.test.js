import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import {
  DEPLOYMENTS,
  answered,
  intercept,
  json,
  on,
  pathWith,
  popular,
  useBrowser,
  visit,
} from './support.js';

useBrowser();

const away = (page) => intercept(page, /\/(model|health|stats)$/, (route) => route.abort());
const noModel = (page) =>
  intercept(page, /\/model$/, (route) =>
    json(route, 503, { statusCode: 503, code: 'no_model', message: 'None yet.' }),
  );
const never = (page) => intercept(page, /\/recommend$/, () => new Promise(() => {}));
const refused = (page) => intercept(page, /\/recommend$/, (route) => route.abort());
const picked = (count, more) => async (deployment) =>
  pathWith(deployment, await popular(deployment, count), more);
const heading = (name) => (page) => page.getByRole('heading', { name }).waitFor();
const openEverything = (page) =>
  page.evaluate(() => document.querySelectorAll('details').forEach((one) => (one.open = true)));

// Each: where it is found, what is done to the wire before, and what to wait for or do there.
const STATES = {
  'the first visit': { arrive: (page) => page.locator('button.start').nth(2).waitFor() },
  suggestions: {
    async arrive(page) {
      await on(page).box.fill('th');
      await on(page).options.first().waitFor();
    },
  },
  'no match': {
    async arrive(page) {
      await on(page).box.fill('qxqxqx');
      await page.getByText('Check the spelling').waitFor();
    },
  },
  recommendations: { path: picked(3), arrive: answered },
  'all that opens': {
    path: picked(3),
    async arrive(page) {
      await answered(page);
      await page
        .getByRole('button', { name: /^Not for me: / })
        .first()
        .click();
      await page.locator('summary').filter({ hasText: 'Not for me' }).waitFor();
      await openEverything(page);
      await page.getByRole('button', { name: /^Show .* again$/ }).waitFor();
      await answered(page);
    },
  },
  'ten favourites': { path: picked(10), arrive: answered },
  'unknown favourites': {
    path: (deployment) => pathWith(deployment, [{ id: 'NOBODY-KNOWS-IT' }]),
    arrive: answered,
  },
  comparison: {
    path: picked(3, '&compare=nearest-user'),
    arrive: (page) => page.getByRole('status').filter({ hasText: 'in both' }).waitFor(),
  },
  'a slow answer': {
    path: picked(3),
    prepare: never,
    arrive: (page) => page.getByText('This is taking longer').waitFor(),
  },
  'a lost answer': {
    path: picked(3),
    prepare: refused,
    arrive: (page) => page.getByRole('alert').waitFor(),
  },
  'no model': { prepare: noModel, arrive: heading('No model yet') },
  'the server away': { prepare: away, arrive: heading('The server is not responding') },
  status: {
    path: () => 'ui/status/',
    arrive: (page) => page.getByRole('heading', { name: 'Model versions' }).waitFor(),
  },
  'status of a node that is away': {
    path: () => 'ui/status/',
    prepare: away,
    arrive: (page) => page.getByText('Not responding').waitFor(),
  },
};

for (const deployment of DEPLOYMENTS) {
  describe(`axe finds nothing in ${deployment.name}, light or dark, in`, () => {
    for (const [name, { path, prepare, arrive }] of Object.entries(STATES)) {
      it(name, async (t) => {
        const page = await visit(t, deployment, { path: await path?.(deployment), prepare });
        await arrive(page);
        for (const colorScheme of ['light', 'dark']) {
          await page.emulateMedia({ colorScheme });
          assert.deepEqual(await complaints(page), [], colorScheme);
        }
      });
    }
  });
}

async function complaints(page) {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}
