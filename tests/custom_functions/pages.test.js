import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fastify from 'fastify';
import { chosenEncoding, readPages } from '../../custom_functions/recommender/http/pages.js';
import { recommenderRoutes } from '../../custom_functions/recommender/http/routes.js';
import { fakeDatabase } from './fake_harper.js';
import { WASM_FOLDER, keepingLog } from './toy_model.js';

const FILES = {
  'index.html': '<p>the page</p>',
  'index.html.br': 'page, brotli',
  'index.html.gz': 'page, gzip',
  'status/index.html': '<p>status</p>',
  'assets/pick-AbC.js': 'let x',
  'assets/pick-AbC.js.br': 'script, brotli',
  'mark.svg': '<svg/>',
  'notes.txt': 'not for sending',
};

let folder;
let app;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pages-'));
  for (const name of ['status', 'assets']) await mkdir(join(folder, name));
  for (const [path, text] of Object.entries(FILES)) await writeFile(join(folder, path), text);
  // As HarperDB makes it.
  app = fastify({ ignoreTrailingSlash: true });
  await app.register(recommenderRoutes, {
    prefix: '/song-recommender',
    database: fakeDatabase(),
    settings: { project: 'song-recommender', collection: 'songs', code: 'c0de' },
    wasmFolder: WASM_FOLDER,
    pagesFolder: folder,
    node: { name: 'node-1', worker: 0 },
    log: keepingLog(),
  });
});
after(async () => {
  await app.close();
  await rm(folder, { recursive: true });
});

const get = (path, headers = {}, method = 'GET') =>
  app.inject({ method, url: `/song-recommender${path}`, headers });

test('a page is sent as small as the client takes it', async () => {
  for (const [accepted, encoding, body] of [
    ['gzip, deflate, br', 'br', 'page, brotli'],
    ['gzip', 'gzip', 'page, gzip'],
    ['br;q=0, gzip;q=0.5', 'gzip', 'page, gzip'],
    ['*', 'br', 'page, brotli'],
    ['identity', undefined, FILES['index.html']],
    [undefined, undefined, FILES['index.html']],
  ]) {
    const answer = await get('/ui/', accepted && { 'accept-encoding': accepted });
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.headers['content-encoding'], encoding, accepted);
    assert.equal(answer.body, body);
    assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8');
    assert.equal(answer.headers.vary, 'accept-encoding');
  }
});

test('a file that was not compressed is sent as it is', async () => {
  const answer = await get('/ui/mark.svg', { 'accept-encoding': 'br' });
  assert.deepEqual([answer.headers['content-encoding'], answer.body], [undefined, '<svg/>']);
});

test('a hashed file is kept for ever and a page is asked for again', async () => {
  const script = await get('/ui/assets/pick-AbC.js');
  assert.equal(script.headers['cache-control'], 'public, max-age=31536000, immutable');
  for (const path of ['/ui/', '/ui/status/', '/ui/mark.svg']) {
    assert.equal((await get(path)).headers['cache-control'], 'no-cache', path);
  }
});

test('what the client has already is not sent again, however it was compressed', async () => {
  const { etag } = (await get('/ui/', { 'accept-encoding': 'br' })).headers;
  for (const known of [etag, `"x", ${etag}`, etag.replace('W/', ''), '*']) {
    const answer = await get('/ui/', { 'if-none-match': known, 'accept-encoding': 'gzip' });
    assert.deepEqual([answer.statusCode, answer.body], [304, ''], known);
    assert.equal(answer.headers.etag, etag);
    assert.match(answer.headers['content-security-policy'], /frame-ancestors 'none'/);
  }
  assert.equal((await get('/ui/', { 'if-none-match': 'W/"other"' })).statusCode, 200);
});

test('HEAD says of a page what GET sends', async () => {
  const answer = await get('/ui/', { 'accept-encoding': 'br' }, 'HEAD');
  assert.deepEqual([answer.statusCode, answer.body], [200, '']);
  assert.equal(answer.headers['content-length'], String('page, brotli'.length));
});

test('the project and its folders lead to the pages, from wherever they are served', async () => {
  for (const [path, target] of [
    ['', '/song-recommender/ui/'],
    ['/', '/song-recommender/ui/'],
    ['/?songs=a', '/song-recommender/ui/'],
    ['/ui', '/song-recommender/ui/'],
    ['/ui/status', '/song-recommender/ui/status/'],
  ]) {
    const { statusCode, headers } = await get(path);
    assert.equal(statusCode, 307, path);
    const from = `http://proxy.example/behind/song-recommender${path}`;
    assert.equal(new URL(headers.location, from).pathname, `/behind${target}`, path);
  }
});

test('what is no page is 404 in our shape', async () => {
  for (const path of [
    '/ui/none.js',
    '/ui/notes.txt',
    '/ui/index.html.br',
    '/ui/..%2Fsettings.json',
    '/ui/__proto__',
    '/ui/assets/',
  ]) {
    const answer = await get(path);
    assert.equal(answer.statusCode, 404, path);
    assert.equal(answer.json().code, 'unknown_page', path);
  }
});

test('a project without built pages answers its routes', async () => {
  assert.equal(readPages(join(folder, 'nowhere')).size, 0);
});

test('identity is sent where nothing that there is was accepted', () => {
  assert.equal(chosenEncoding('br;q=0', ['br', 'identity']), 'identity');
  assert.equal(chosenEncoding('zstd, nonsense;;q', ['br', 'identity']), 'identity');
});
