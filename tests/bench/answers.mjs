/**
 * Measures the component's own parts, without HarperDB: search over invented titles, as many as the original
 * demos' catalogue and the whole Taste Profile have, and every strategy of the bundles that are there.
 * `npm run bench`; RECOMMENDER_BUNDLES names another folder.
 */

import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCatalogue } from '../../custom_functions/recommender/lib/catalogue.js';
import { createLoader } from '../../custom_functions/recommender/lib/loader.js';
import { rank, recommend } from '../../custom_functions/recommender/lib/recommend.js';
import { createTables } from '../../custom_functions/recommender/lib/tables.js';
import { fakeDatabase, push } from '../custom_functions/fake_harper.js';
import { WASM_FOLDER, keepingLog } from '../custom_functions/toy_model.js';

const CATALOGUES = [130_000, 385_000];
const WARM = 50;
const ROUNDS = 2_000;

let state = 20;
const next = (n) => (state = (state * 48271) % 2147483647) % n;
const pick = (list) => list[next(list.length)];
// Small numbers are drawn far more often, as words of a language are.
const zipf = (n) => Math.floor(Math.exp((next(1e6) / 1e6) * Math.log(n)));

const SYLLABLES = 'a an be co de e fa go he i ja ka lo ma ne o pa ra sa te the u ve wa yo za'.split(
  ' ',
);
const WORDS = Array.from({ length: 60_000 }, () =>
  Array.from({ length: 1 + next(4) }, () => pick(SYLLABLES)).join(''),
);
const title = () => Array.from({ length: 1 + next(5) }, () => WORDS[zipf(WORDS.length)]).join(' ');

for (const items of CATALOGUES) await search(items);
await answers();

async function search(items) {
  const rows = Array.from({ length: items }, (_, i) => ({
    id: `i${i}`,
    title: title(),
    artist: `${WORDS[zipf(20_000)]} ${WORDS[zipf(20_000)]}`,
  }));
  const database = fakeDatabase();
  for (const row of rows) database.items.put(row);
  const index = new Map(rows.map(({ id }, i) => [id, i]));
  const model = {
    manifest: { fields: [{ name: 'title' }, { name: 'artist' }], creator: 'artist' },
    size: items,
    indexOf: (id) => index.get(id),
  };
  globalThis.gc?.();
  const before = process.memoryUsage();
  const held = watchThread();
  const began = performance.now();
  const catalogue = await readCatalogue({ tables: createTables(database), model });
  const took = performance.now() - began;
  const longest = held();
  globalThis.gc?.();
  const after = process.memoryUsage();
  const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  console.log(
    `search: ${items} items indexed in ${took.toFixed(0)} ms, ${megabytes(grown)} MB; the thread was held for ` +
      `${longest.toFixed(0)} ms at most`,
  );
  const words = () => `${pick(rows).title} ${pick(rows).artist}`.split(' ');
  const kinds = {
    'one letter': () => pick(words()).slice(0, 1),
    'two letters': () => pick(words()).slice(0, 2),
    'a word': () => pick(words()),
    'a whole title': () => pick(rows).title,
    'two beginnings of different items': () =>
      `${pick(words()).slice(0, 2)} ${pick(words()).slice(0, 3)}`,
    'ten single letters': () => Array.from({ length: 10 }, () => pick(words())[0]).join(' '),
    'beginnings that no item has together': () =>
      `${pick(words()).slice(0, 1)} ${pick(words())} za`,
    'no such word': () => `${pick(words())}qqq`,
    'a misspelled word': () => misspelled(pick(words())),
    'a misspelled title': () => pick(rows).title.split(' ').map(misspelled).join(' '),
    'ten misspelled words': () =>
      Array.from({ length: 10 }, () => misspelled(pick(words()))).join(' '),
  };
  for (const [kind, query] of Object.entries(kinds)) {
    report(
      `search, ${items} items: ${kind}`,
      ROUNDS,
      () => query(),
      (typed) => catalogue.find(typed, 10),
    );
  }
}

async function answers() {
  const folder =
    process.env.RECOMMENDER_BUNDLES ??
    fileURLToPath(new URL('../../artifacts/test/bundles', import.meta.url));
  for (const domain of existsSync(folder) ? (await readdir(folder)).sort() : []) {
    const { model, catalogue } = await open(join(folder, domain));
    const held = await catalogue.get();
    const creatorOf = (index) => held.creatorOf(index);
    const some = (count) => Array.from({ length: count }, () => model.idOf(next(model.size)));
    const question = (more) => () => ({
      favourites: some(3),
      exclude: [],
      limit: 10,
      explain: false,
      diversity: 0,
      ...more,
    });
    for (const strategy of model.strategies) {
      const ask = (request) => recommend(model, request, creatorOf);
      report(`${domain} (${model.size}): ${strategy}`, 300, question({ strategy }), ask);
      if (model.hasTable(strategy)) {
        const ofGraph = ({ favourites }) =>
          rank(model, {
            strategy,
            favourites: favourites.map((id) => model.indexOf(id)),
            limit: 10,
            fromGraph: true,
          });
        report(`${domain} (${model.size}): ${strategy}, by the graph`, 300, question({}), ofGraph);
      }
      const all = question({ strategy, explain: true, diversity: 0.5 });
      report(`${domain} (${model.size}): ${strategy}, explained and varied`, 300, all, ask);
      // What one request can ask for at most; so long the thread is held.
      const most = () => ({ ...all(), favourites: some(10), exclude: some(1000), limit: 100 });
      report(`${domain} (${model.size}): ${strategy}, the dearest request`, 100, most, ask);
    }
    model.dispose();
  }
}

async function open(folder) {
  const read = async (name) => readFile(join(folder, name));
  const names = (await readdir(folder)).filter((name) => name !== 'stage.json');
  const files = Object.fromEntries(await Promise.all(names.map(async (n) => [n, await read(n)])));
  const rows = files['items.jsonl'].toString().split('\n').filter(Boolean);
  const manifest = JSON.parse(files['manifest.json']);
  const database = fakeDatabase();
  push(database, { files, manifest, rows: rows.map((row) => JSON.parse(row)) });
  const began = performance.now();
  const opened = await createLoader({
    tables: createTables(database),
    wasmFolder: WASM_FOLDER,
    log: keepingLog(),
  })(manifest.version);
  console.log(`${folder}: opened in ${(performance.now() - began).toFixed(0)} ms`);
  return opened;
}

/** A word with one letter replaced, the first excepted. */
function misspelled(word) {
  const at = 1 + next(Math.max(1, word.length - 1));
  return `${word.slice(0, at)}${'bdfgklmnprstvz'[next(14)]}${word.slice(at + 1)}`;
}

/** @returns {() => number} Ends it and answers the longest time between two turns of the thread, in ms. */
function watchThread() {
  let longest = 0;
  let last = performance.now();
  let running = true;
  setImmediate(function tick() {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (running) setImmediate(tick);
  });
  return () => {
    running = false;
    return longest;
  };
}

function report(what, rounds, question, work) {
  for (let i = 0; i < WARM; i++) work(question());
  const times = Array.from({ length: rounds }, () => {
    const asked = question();
    const began = performance.now();
    work(asked);
    return performance.now() - began;
  }).sort((a, b) => a - b);
  const at = (share) => times[Math.floor(share * (rounds - 1))].toFixed(2);
  console.log(`${what}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms`);
}

function megabytes(bytes) {
  return (bytes / 1e6).toFixed(1);
}
