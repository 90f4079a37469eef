/**
 * Takes pictures of the pages' main states on running deployments, into test-results/screenshots/, and the two
 * that README.md shows, into docs/images/:
 *
 *     make train-and-deploy screenshots
 *
 * Other addresses than the local HarperDB's: see tests/browser/support.js.
 */

import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withExperiment } from '../tests/browser/experiments.js';
import {
  DEPLOYMENTS,
  answered,
  ask,
  intercept,
  json,
  launch,
  on,
  pathWith,
  pictures,
  popular,
} from '../tests/browser/support.js';

const README = fileURLToPath(new URL('../docs/images/', import.meta.url));
const WIDTHS = [360, 1280];
const SCHEMES = ['light', 'dark'];
const noModel = { statusCode: 503, code: 'no_model', message: 'No model has been deployed yet.' };
const settled = (page) => page.locator('button.start').nth(2).waitFor();
const compared = (page) => page.getByRole('status').filter({ hasText: 'in both' }).waitFor();
/** One item and two that go with it: two ways of choosing then agree on something. */
const alike = (more) => async (deployment) => {
  const [seed] = await popular(deployment, 1);
  const question = { favourites: [seed.id], limit: 2 };
  const { recommendations } = await ask(deployment, 'recommend', question);
  return pathWith(deployment, [seed, ...recommendations], more);
};
const shared = (more) => async (deployment) =>
  pathWith(
    deployment,
    (await popular(deployment, 12)).filter((item, i) => i % 5 === 0),
    more,
  );

const STATES = {
  first: { arrive: settled },
  search: {
    async arrive(page) {
      await settled(page);
      await on(page).box.fill('the');
      await on(page).options.nth(3).waitFor();
    },
  },
  nothing: {
    async arrive(page) {
      await settled(page);
      await on(page).box.fill('qxqx');
      await page.getByText('Check the spelling').waitFor();
    },
  },
  answers: { path: shared(), arrive: answered },
  varied: { path: shared('&variety=0.7'), arrive: answered },
  compare: { path: alike('&compare=nearest-user'), arrive: compared },
  unknown: { path: (deployment) => pathWith(deployment, [{ id: 'UNHEARD-OF' }]), arrive: answered },
  waiting: {
    path: shared(),
    prepare: (page) => intercept(page, /\/recommend$/, () => new Promise(() => {})),
    arrive: (page) => page.getByText('This is taking longer').waitFor(),
  },
  lost: {
    path: shared(),
    async arrive(page) {
      await answered(page);
      await intercept(page, /\/recommend$/, (route) => route.abort());
      await on(page).favourites.getByRole('button').first().click();
      await page.getByRole('alert').waitFor();
    },
  },
  'no-model': {
    prepare: (page) => intercept(page, /\/model$/, (route) => json(route, 503, noModel)),
    arrive: (page) => page.getByRole('heading', { name: 'No model yet' }).waitFor(),
  },
  away: {
    prepare: (page) => intercept(page, /\/model$/, (route) => route.abort()),
    arrive: (page) => page.getByRole('heading', { name: 'The server is not responding' }).waitFor(),
  },
  status: {
    path: () => 'ui/status/',
    arrive: (page) => page.getByRole('heading', { name: 'Model versions' }).waitFor(),
  },
  experiment: {
    path: () => 'ui/status/',
    prepare: (page) => withExperiment(page),
    arrive: (page) => page.getByRole('heading', { name: 'Experiments that ended' }).waitFor(),
  },
};

const browser = await launch();
const folder = await pictures();
for (const deployment of DEPLOYMENTS) {
  for (const colorScheme of SCHEMES) {
    for (const width of WIDTHS) {
      for (const state of Object.keys(STATES)) {
        const file = `${deployment.name}-${state}-${width}-${colorScheme}.png`;
        const size = { width, height: width < 600 ? 780 : 900 };
        await take(deployment, state, size, colorScheme, join(folder, file), { fullPage: true });
      }
    }
  }
}
await takeForReadme();
await browser.close();

async function take(deployment, state, viewport, colorScheme, file, options) {
  const { path, prepare, arrive } = STATES[state];
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
  const page = await context.newPage();
  await prepare?.(page);
  await page.goto(new URL((await path?.(deployment)) ?? 'ui/', deployment.base).href);
  await arrive(page);
  await page.screenshot({ path: file, ...options });
  await context.close();
  process.stdout.write(`${file}\n`);
}

async function takeForReadme() {
  await mkdir(README, { recursive: true });
  const size = { width: 1280, height: 860 };
  for (const [i, state] of ['answers', 'compare'].entries()) {
    const name = `${DEPLOYMENTS[i].name}.png`;
    const file = join(folder, name);
    await take(DEPLOYMENTS[i], state, size, SCHEMES[i], file, {});
    await copyFile(file, join(README, name));
  }
}
