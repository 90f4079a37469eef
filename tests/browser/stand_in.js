/**
 * For working on the pages only: the real routes and the built pages in a plain Fastify, with the tables in
 * memory and the bundles of artifacts/ in them. The tests proper run on a HarperDB.
 *
 *     npm run build:pages && node tests/browser/stand_in.js 8125
 *
 * CONSENT=ask lets the pages ask before they record events, EVENTS=off disables events.
 */

import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastify from 'fastify';
import { recommenderRoutes } from '../../custom_functions/recommender/http/routes.js';
import { fakeDatabase, point, push } from '../custom_functions/fake_harper.js';

const here = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const PAGES = here('custom_functions/recommender/web');
const WASM = here('node_modules/@tensorflow/tfjs-backend-wasm/dist/');

const { key, types } = JSON.parse(await readFile(here('tests/cases/events.json'), 'utf8'));
const EVENTS = {
  enabled: process.env.EVENTS !== 'off',
  consent: process.env.CONSENT ?? 'none',
  types,
  answer_hours: 24,
  max_rows: 100_000,
  session_per_minute: 120,
  client_per_minute: 6000,
  node_per_minute: 30_000,
};

const say = (...words) => process.stdout.write(`${words.join(' ')}\n`);

async function readBundle(domain) {
  const folder = here(`artifacts/${domain}/bundle`);
  const names = await readdir(folder);
  const contents = await Promise.all(names.map((name) => readFile(join(folder, name))));
  const files = Object.fromEntries(names.map((name, i) => [name, contents[i]]));
  const rows = String(files['items.jsonl']).trim().split('\n').map(JSON.parse);
  return { files, rows, manifest: JSON.parse(files['manifest.json']) };
}

async function mount(app, domain) {
  const bundle = await readBundle(domain);
  const { project, version } = bundle.manifest;
  const database = fakeDatabase();
  push(database, bundle);
  point(database, version);
  database.event_keys.put(key);
  await app.register(recommenderRoutes, {
    prefix: `/${project}`,
    database,
    settings: {
      project,
      database: project,
      collection: domain,
      code: 'stand-in',
      events: EVENTS,
    },
    wasmFolder: WASM,
    pagesFolder: join(PAGES, 'ui'),
    node: { name: 'stand-in', worker: 0 },
    log: { info() {}, warn: say, error: say },
  });
  return project;
}

const port = Number(process.argv[2] ?? 8125);
const app = fastify({ ignoreTrailingSlash: true });
const projects = [await mount(app, 'songs'), await mount(app, 'books')];
await app.listen({ port, host: '127.0.0.1' });
for (const project of projects) say(`http://127.0.0.1:${port}/${project}/ui/`);
