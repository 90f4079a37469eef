/**
 * What the browser tests share: the deployments under test, one browser, and pages that complain.
 *
 * The addresses come from outside, so the same tests run on any deployment; without any, the local HarperDB's:
 *
 *     RECOMMENDER_SONGS_URL=http://127.0.0.1:9926/song-recommender/
 *     RECOMMENDER_BOOKS_URL=http://127.0.0.1:9926/book-recommender/
 */

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const RESULTS = new URL('../../test-results/', import.meta.url);
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const HARPER = process.env.HARPER_ROUTES_URL ?? 'http://127.0.0.1:9926';
const addresses = {
  songs: process.env.RECOMMENDER_SONGS_URL ?? `${HARPER}/song-recommender/`,
  books: process.env.RECOMMENDER_BOOKS_URL ?? `${HARPER}/book-recommender/`,
};

/** @type {Array<{name: string, base: URL}>} */
export const DEPLOYMENTS = Object.entries(addresses).map(([name, address]) => ({
  name,
  base: new URL(address.endsWith('/') ? address : `${address}/`),
}));

let browser;

/** Starts one browser for the tests of a file, and ends it after them. */
export function useBrowser() {
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());
}

/** @returns {Promise<import('playwright-core').Browser>} */
export const launch = () => chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });

/**
 * Opens a page in a context of its own. When the test ends, it fails if the page threw, broke its
 * Content-Security-Policy or asked another host.
 *
 * @param {import('node:test').TestContext} t
 * @param {{base: URL}} deployment
 * @param {object} [options] Of the context, and:
 * @param {string} [options.path] What follows the project's address.
 * @param {string} [options.other] Another origin that the page may ask.
 * @param {(page: import('playwright-core').Page) => Promise<void>} [options.prepare] Before it loads.
 */
export async function visit(t, { base }, { path = 'ui/', other, prepare, ...options } = {}) {
  const viewport = { width: 1280, height: 900 };
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints = listen(page, [base.origin, other]);
  t.after(async () => {
    // What `intercept` is in the middle of finds its page gone.
    if (!page.isClosed()) await page.unrouteAll({ behavior: 'ignoreErrors' });
    await context.close();
    assert.deepEqual(complaints, []);
  });
  await prepare?.(page);
  await page.goto(new URL(path, base).href);
  return page;
}

function listen(page, origins) {
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(`threw: ${error.message}`));
  page.on('console', (message) => {
    const text = message.text();
    const expected = /Failed to load resource/.test(text);
    if (message.type() === 'error' && !expected) complaints.push(text);
  });
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol.startsWith('http') && !origins.includes(origin)) complaints.push(request.url());
  });
  return complaints;
}

/**
 * Asks the deployment itself, past the page.
 *
 * @param {{base: URL}} deployment
 * @param {string} path
 * @param {object} [body] Makes it a POST.
 */
export async function ask({ base }, path, body) {
  const response = await fetch(new URL(path, base), {
    method: body ? 'POST' : 'GET',
    headers: body ? { 'content-type': 'application/json' } : {},
    body: body && JSON.stringify(body),
  });
  assert.equal(response.status, 200, `${path} answered ${response.status}`);
  return response.json();
}

/** @returns {Promise<object[]>} The most popular items, distinct in title. */
export async function popular(deployment, count) {
  const { domain, fields } = await ask(deployment, 'model');
  const found = (await ask(deployment, `${domain}?q=&limit=60`))[domain];
  const title = fields[0].name;
  const seen = new Set();
  return found.filter((item) => !seen.has(item[title]) && seen.add(item[title])).slice(0, count);
}

/** @returns {Promise<string>} Path of the page with these favourites picked. */
export async function pathWith(deployment, items, more = '') {
  const { domain } = await ask(deployment, 'model');
  return `ui/?${domain}=${items.map(({ id }) => encodeURIComponent(id)).join(',')}${more}`;
}

/** The page's parts, by role and name as people find them. */
export const on = (page) => ({
  box: page.getByRole('combobox', { name: /^Find a/ }),
  options: page.getByRole('option'),
  favourites: page.getByRole('region', { name: /^Your favourites/ }).getByRole('listitem'),
  answers: page.getByRole('region', { name: 'For you' }).getByRole('listitem'),
  titles: page.getByRole('region', { name: 'For you' }).getByRole('heading', { level: 3 }),
});

/** Waits until the list shows an answer to the question that stands now. */
export async function answered(page) {
  await page.locator('.rows[aria-busy="false"], .results-note').first().waitFor();
  // The names of favourites come by themselves.
  const unnamed = page.locator('.chip-title').filter({ hasText: /^…$/ });
  await unnamed.first().waitFor({ state: 'detached' });
}

/**
 * Lets the wire do what a sound server does not: `act` gets the route, and null lets it pass.
 *
 * @param {import('playwright-core').Page} page
 * @param {RegExp} address
 * @param {(route: import('playwright-core').Route) => Promise<void>|null} act
 */
export const intercept = (page, address, act) =>
  page.route(address, (route) => act(route) ?? route.fallback());

/**
 * Lets the page see another manifest than the server's.
 *
 * @param {import('playwright-core').Page} page
 * @param {(manifest: object) => object} change
 */
export const otherModel = (page, change) =>
  intercept(page, /-recommender\/model$/, async (route) =>
    json(route, 200, change(await (await route.fetch()).json())),
  );

const NOTHING = { stage: null, reason: null, 'ndcg@20': null, 'ndcg@20_before': null };
/** Rounds of learning, as GET model shows them. */
export const ROUNDS = [
  { outcome: 'failed', stage: 'collect', new_events: null, seconds: 0.2 },
  { outcome: 'refused by the gate', reason: 'it is worse on held-out people', seconds: 40 },
  {
    outcome: 'deployed',
    new_events: 812,
    'ndcg@20': 0.4463,
    'ndcg@20_before': 0.4401,
    seconds: 41,
  },
].map((round, i) => ({ ...NOTHING, at: `2026-11-24T1${2 - i}:00:00.000Z`, ...round }));

/**
 * Lets the page see a node to which a loop has written its rounds.
 *
 * @param {import('playwright-core').Page} page
 */
export const withRounds = (page) => otherModel(page, (card) => ({ ...card, rounds: ROUNDS }));

/** @returns {Promise<void>} */
export const json = (route, status, body) =>
  route.fulfill({ status, contentType: 'application/json', body: JSON.stringify(body) });

/** Writes what was measured where people and continuous integration look for it. */
export async function report(name, content) {
  const file = new URL(name, RESULTS);
  await mkdir(new URL('.', file), { recursive: true });
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
}

/** @returns {Promise<string>} Folder for pictures. */
export async function pictures() {
  const folder = new URL('screenshots/', RESULTS);
  await mkdir(folder, { recursive: true });
  return fileURLToPath(folder);
}
