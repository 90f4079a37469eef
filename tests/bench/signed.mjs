/**
 * Measures what recording costs a recommendation: the server's processor time for answers to recorded visitors,
 * which are signed and explored, against that for others. The routes alone, without sockets and HarperDB, whose
 * costs are the same for both, so the real ratio is nearer to 1. Both kinds take turns, so that what else runs on
 * the machine affects both.
 * `npm run bench`; the argument names a folder with one bundle.
 */

import { randomBytes } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { recommenderRoutes } from '../../custom_functions/recommender/http/routes.js';
import { keyIdOf } from '../../custom_functions/recommender/lib/events/answer_token.js';
import { fakeDatabase, point, push } from '../custom_functions/fake_harper.js';
import fastify from '../custom_functions/fastify.js';
import { WASM_FOLDER, keepingLog, until } from '../custom_functions/toy_model.js';

const WARM_TURNS = 20;
const TURNS = 60;
const ANSWERS = 200;
const PROJECT = 'song-recommender';
const RULES = {
  enabled: true,
  types: { like: { answer: 'optional', item: 'required', position: 'optional' } },
  answer_hours: 24,
  max_rows: 1000,
  session_per_minute: 120,
  client_per_minute: 6000,
  node_per_minute: 30_000,
};

const DEFAULT = fileURLToPath(new URL('../../artifacts/test/bundles/songs', import.meta.url));

const [folder = DEFAULT] = process.argv.slice(2);
const { app, ids } = await serve(folder);
const url = `/${PROJECT}/recommend`;
await until(async () => {
  const { status, events } = (await app.inject(`/${PROJECT}/health`)).json();
  return status === 'ok' && events.signing;
});
const some = () => ids[Math.floor(Math.random() * Math.min(500, ids.length))];
const plain = Array.from({ length: ANSWERS }, () => ({ favourites: [some(), some(), some()] }));
const recorded = plain.map((body) => ({ ...body, session: randomBytes(12).toString('base64url') }));
// JavaScript is compiled as it runs.
for (let turn = 0; turn < WARM_TURNS; turn++) await pair(turn);
const took = [];
for (let turn = 0; turn < TURNS; turn++) took.push(await pair(turn));
const ratios = took.map(([other, one]) => one / other).sort((a, b) => a - b);
const at = (share) => ratios[Math.round(share * (TURNS - 1))].toFixed(3);
console.log(
  `answers to recorded visitors, ${ids.length} items: ${at(0.5)} times the processor time of ` +
    `others (quartiles ${at(0.25)} and ${at(0.75)} of ${TURNS} pairs of ${plain.length} answers)`,
);
await app.close();

/** @returns {Promise<[number, number]>} The processor time of the plain ones and of the recorded ones. */
async function pair(turn) {
  const found = [];
  for (const place of turn % 2 ? [0, 1] : [1, 0]) {
    found[place] = await processorTime([plain, recorded][place]);
  }
  return found;
}

async function serve(folder) {
  const names = (await readdir(folder)).filter((name) => name !== 'stage.json');
  const read = async (name) => [name, await readFile(join(folder, name))];
  const files = Object.fromEntries(await Promise.all(names.map(read)));
  const lines = files['items.jsonl'].toString().split('\n').filter(Boolean);
  const manifest = JSON.parse(files['manifest.json']);
  const database = fakeDatabase();
  push(database, { files, manifest, rows: lines.map((line) => JSON.parse(line)) });
  point(database, manifest.version);
  const secret = randomBytes(32);
  const key = { id: keyIdOf(secret), secret: secret.toString('base64url'), signs_from: 0 };
  database.event_keys.put(key);
  const app = fastify();
  await app.register(recommenderRoutes, {
    prefix: `/${PROJECT}`,
    database,
    settings: { project: PROJECT, collection: 'songs', code: 'c0de', events: RULES },
    wasmFolder: WASM_FOLDER,
    node: { name: 'node-1', worker: 0, workers: 1 },
    log: keepingLog(),
    isReader: () => false,
  });
  return { app, ids: JSON.parse(files['item_ids.json']) };
}

/** @returns {Promise<number>} Of this process, for all bodies; microseconds. */
async function processorTime(bodies) {
  const before = process.cpuUsage();
  for (const payload of bodies) {
    const { statusCode } = await app.inject({ method: 'POST', url, payload });
    if (statusCode !== 200) throw new Error(`a request was answered with ${statusCode}`);
  }
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
