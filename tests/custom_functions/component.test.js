/**
 * What is built, as HarperDB would load it: from a folder of its own, with nothing of the checkout in reach.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fastify from 'fastify';
import { fakeDatabase, point, push } from './fake_harper.js';
import { DOMAINS, toyBundle } from './toy_bundle.js';
import { keepingLog } from './toy_model.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dist = join(root, 'custom_functions', 'recommender', 'dist');
const build = () =>
  promisify(execFile)(process.execPath, ['scripts/build_component.mjs'], { cwd: root });

async function bytesOf(folder) {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((e) =>
    e.isFile(),
  );
  const digests = names.map(async ({ parentPath, path, name }) => {
    const content = await readFile(join(parentPath ?? path, name));
    return [name, content.length, createHash('sha256').update(content).digest('hex')];
  });
  return (await Promise.all(digests)).sort();
}

let folder;
before(async () => {
  await build();
  folder = await mkdtemp(join(tmpdir(), 'component-'));
  await cp(dist, folder, { recursive: true });
});
after(() => rm(folder, { recursive: true }));

test('two builds give the same bytes, well under what a deploy may carry', async () => {
  const once = await bytesOf(dist);
  await build();
  assert.deepEqual(await bytesOf(dist), once);
  assert.ok(once.reduce((sum, [, size]) => sum + size, 0) < 5e6);
});

test('the build names no folder of the machine it was made on', async () => {
  const code = await readFile(join(dist, 'routes', 'recommend.js'), 'utf8');
  assert.ok(!code.includes(root));
});

test('the templates hold nothing of one domain', async () => {
  for (const name of ['config.yaml', 'schema.graphql']) {
    const text = await readFile(join(dist, name), 'utf8');
    assert.doesNotMatch(text, /song|book/i);
    assert.match(text, /__PROJECT__|__DATABASE__/);
  }
});

// HarperDB 4.7 registers every component of a node on one Fastify instance while it loads them at once. Fastify makes
// a plugin that is registered meanwhile a child of the one being loaded: under its prefix, and nowhere else.
test('a component that is registered while ours is loading keeps its own address', async () => {
  const settings = { project: 'p', database: 'd', collection: 'songs', code: 'h4sh' };
  await writeFile(join(folder, 'settings.json'), JSON.stringify(settings));
  const load = createRequire(join(folder, 'package.json'));
  const { default: ours } = load('./routes/recommend.js');
  const app = fastify();
  await app.after();
  let registered;
  app.register(
    async (scope, options) => {
      const loading = ours(scope, options);
      registered = new Promise((resolve) => {
        setImmediate(() => {
          app.register(async (other) => other.get('/health', async () => 'well'), { prefix: '/q' });
          resolve();
        });
      });
      await loading;
    },
    { logger: keepingLog(), prefix: '/p' },
  );
  await app.after();
  await registered;
  await app.ready();
  assert.equal((await app.inject('/q/health')).statusCode, 200);
  assert.equal((await app.inject('/p/q/health')).statusCode, 404);
});

test('it answers from a folder of its own, on wasm, as HarperDB would ask it', async () => {
  const [domain] = DOMAINS;
  const database = domain.project.replace('-', '_');
  const settings = { project: domain.project, database, collection: domain.name, code: 'h4sh' };
  await writeFile(join(folder, 'settings.json'), JSON.stringify(settings));
  const bundle = toyBundle({ domain });
  globalThis.databases = { [database]: fakeDatabase() };
  push(globalThis.databases[database], bundle);
  point(globalThis.databases[database], bundle.manifest.version);
  const load = createRequire(join(folder, 'package.json'));
  const app = fastify();
  await app.register(load('./routes/recommend.js').default, { logger: keepingLog(), prefix: '/p' });
  const payload = { favourites: ['song-1'], explain: true };
  const answer = (await app.inject({ method: 'POST', url: '/p/recommend', payload })).json();
  assert.equal(answer.recommendations.length, 10);
  const health = (await app.inject('/p/health')).json();
  assert.deepEqual([health.backend, health.component], ['wasm', 'h4sh']);
  await app.close();
  delete globalThis.databases;
});
