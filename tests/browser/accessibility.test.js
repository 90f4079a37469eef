import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { experimentShown } from './experiments.js';
import {
  DEPLOYMENTS,
  ROUNDS,
  answered,
  ask,
  intercept,
  json,
  on,
  otherModel,
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
// All operations are shown alike, and axe takes seconds for each.
const oneOperation = (page) =>
  intercept(page, /openapi\.json$/, async (route) => {
    const { paths, ...description } = await (await route.fetch()).json();
    return json(route, 200, { ...description, paths: { '/recommend': paths['/recommend'] } });
  });
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
  'a question about recording': {
    path: picked(3),
    prepare: (page) =>
      otherModel(page, (manifest) => ({
        ...manifest,
        events: { ...manifest.events, consent: 'ask' },
      })),
    async arrive(page) {
      await page.getByRole('button', { name: 'Yes, record' }).waitFor();
      await answered(page);
    },
  },
  'no model': { prepare: noModel, arrive: heading('No model yet') },
  'the server away': { prepare: away, arrive: heading('The server is not responding') },
  status: {
    path: () => 'ui/status/',
    arrive: (page) => page.getByRole('heading', { name: 'Model versions' }).waitFor(),
  },
  'status with rounds of learning and an experiment': {
    path: () => 'ui/status/',
    prepare: (page) =>
      otherModel(page, (card) => ({ ...card, rounds: ROUNDS, ...experimentShown('split') })),
    async arrive(page) {
      await page.getByRole('heading', { name: 'Rounds of learning' }).waitFor();
      await openEverything(page);
      await page.getByRole('columnheader', { name: 'Looked at' }).waitFor();
    },
  },
  'the API': {
    path: () => 'docs/',
    prepare: oneOperation,
    arrive: (page) => page.getByRole('heading', { name: 'POST /recommend', exact: true }).waitFor(),
  },
  'status of a node that is away': {
    path: () => 'ui/status/',
    prepare: away,
    arrive: (page) => page.getByText('Not responding').waitFor(),
  },
};

const SCHEMES = [
  { colorScheme: 'light' },
  { colorScheme: 'dark' },
  { colorScheme: 'light', forcedColors: 'active' },
  { colorScheme: 'dark', forcedColors: 'active' },
];
const LEAST_TARGET = 24; // px, WCAG 2.2, 2.5.8
const LEAST_CONTRAST = 4.5; // WCAG 2.2, 1.4.3

for (const deployment of DEPLOYMENTS) {
  describe(`axe finds nothing in ${deployment.name}, light, dark or with forced colours, in`, () => {
    for (const [name, { path, prepare, arrive }] of Object.entries(STATES)) {
      it(name, async (t) => {
        const page = await visit(t, deployment, { path: await path?.(deployment), prepare });
        await arrive(page);
        for (const scheme of SCHEMES) {
          await page.emulateMedia(scheme);
          assert.deepEqual(await complaints(page), [], JSON.stringify(scheme));
        }
      });
    }
  });

  describe(`what axe does not see in ${deployment.name}`, () => {
    for (const scheme of SCHEMES) {
      it(`lets matched letters be read: ${JSON.stringify(scheme)}`, async (t) => {
        const page = await visit(t, deployment, scheme);
        await on(page).box.fill('th');
        await on(page).options.nth(1).waitFor();
        const marks = await page.locator('.pick-option mark').evaluateAll((all) =>
          all.map((mark) => {
            const isClear = (colour) => /[,/] 0\)$/.test(colour);
            const paperOf = (one) => {
              const { backgroundColor } = getComputedStyle(one);
              return isClear(backgroundColor) && one.parentElement
                ? paperOf(one.parentElement)
                : backgroundColor;
            };
            return [getComputedStyle(mark).color, paperOf(mark)];
          }),
        );
        assert.ok(marks.length > 1);
        for (const [ink, paper] of marks) {
          assert.ok(contrast(ink, paper) >= LEAST_CONTRAST, `${ink} on ${paper}`);
        }
      });
    }

    for (const colorScheme of ['light', 'dark']) {
      it(`keeps the contrast of what is out of date, ${colorScheme}`, async (t) => {
        let isDown = false;
        const page = await visit(t, deployment, {
          path: 'ui/status/',
          colorScheme,
          prepare: (page) =>
            intercept(page, /\/(health|stats)$/, (route) => (isDown ? route.abort() : null)),
        });
        await page.getByRole('heading', { name: 'Model versions' }).waitFor();
        isDown = true;
        await page.locator('.facts[data-stale]').waitFor();
        await page.getByText('the last ones received').waitFor();
        assert.deepEqual(await complaints(page), []);
        assert.deepEqual(await faded(page), []);
      });

      it(`keeps the contrast of text while an answer is under way, ${colorScheme}`, async (t) => {
        let isSlow = false;
        const page = await visit(t, deployment, {
          path: await picked(3)(deployment),
          colorScheme,
          prepare: (page) =>
            intercept(page, /\/recommend$/, () => (isSlow ? new Promise(() => {}) : null)),
        });
        await answered(page);
        isSlow = true;
        await on(page).favourites.getByRole('button').first().click();
        await page.locator('.rows[data-stale]').waitFor();
        assert.deepEqual(await faded(page), []);
      });
    }

    it('names a method by its title, and describes it apart', async (t) => {
      const page = await visit(t, deployment, { path: await picked(3)(deployment) });
      await answered(page);
      for (const { title, description } of (await ask(deployment, 'model')).strategies) {
        const radio = page.getByRole('radio', { name: new RegExp(`^${title}( default)?$`) });
        const ids = await radio.getAttribute('aria-describedby');
        assert.equal(await page.locator(`#${ids}`).innerText(), description);
      }
    });

    for (const width of [360, 1280]) {
      it(`has targets of at least 24 px at ${width} px`, async (t) => {
        const page = await visit(t, deployment, {
          path: await picked(3, '&not=x')(deployment),
          viewport: { width, height: 740 },
        });
        await answered(page);
        await openEverything(page);
        assert.deepEqual(await smallTargets(page), []);
        await on(page).favourites.getByRole('button').first().click();
        await page.getByRole('button', { name: 'Undo', exact: true }).waitFor();
        assert.deepEqual(await smallTargets(page), []);
      });
    }
  });
}

async function complaints(page) {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}

/** Elements with text of their own that are see-through, or are in one that is. */
function faded(page) {
  return page.evaluate(() => {
    const hasText = (one) =>
      [...one.childNodes].some(({ nodeType, data }) => nodeType === 3 && data.trim());
    const isFaded = (one) =>
      one && (getComputedStyle(one).opacity < 1 || isFaded(one.parentElement));
    return [...document.querySelectorAll('body *')]
      .filter((one) => hasText(one) && !one.closest(':disabled') && isFaded(one))
      .map((one) => one.outerHTML.slice(0, 90));
  });
}

/** What can be clicked and is too small; links in a sentence are exempt (WCAG 2.2, 2.5.8). */
function smallTargets(page) {
  return page.evaluate((least) => {
    const isInSentence = (one) =>
      one.tagName === 'A' &&
      one.closest('p')?.textContent.trim() !== one.textContent.trim() &&
      getComputedStyle(one).display === 'inline';
    return [...document.querySelectorAll('a, button, input, select, summary')]
      .filter((one) => one.checkVisibility() && !isInSentence(one))
      .map((one) => ({ html: one.outerHTML.slice(0, 90), box: one.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0 && (box.width < least || box.height < least))
      .map(({ html, box }) => `${Math.round(box.width)} x ${Math.round(box.height)}: ${html}`);
  }, LEAST_TARGET);
}

/** WCAG 2.2's contrast ratio of two colours written as rgb(…). */
function contrast(...colours) {
  const [dark, light] = colours.map(luminance).sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour) {
  const [r, g, b] = colour.match(/[\d.]+/g).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
