import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fastify from './fastify.js';
import {
  PAGE_HEADERS,
  pictureOrigin,
  withPictures,
} from '../../custom_functions/recommender/http/headers.js';
import { chosenEncoding, readPages } from '../../custom_functions/recommender/http/pages.js';
import { recommenderRoutes } from '../../custom_functions/recommender/http/routes.js';
import { fakeDatabase, point, push } from './fake_harper.js';
import { toyBundle } from './toy_bundle.js';
import { WASM_FOLDER, keepingLog, until } from './toy_model.js';

const FILES = {
  'index.html': '<p>the page</p>',
  'index.html.br': 'page, brotli',
  'index.html.gz': 'page, gzip',
  'status/index.html': '<p>status</p>',
  'docs/index.html': '<p>the API</p>',
  'assets/pick-AbC.js': 'let x',
  'assets/pick-AbC.js.br': 'script, brotli',
  'mark.svg': '<svg/>',
  'notes.txt': 'not for sending',
};

let folder;
let app;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pages-'));
  for (const name of ['status', 'docs', 'assets']) await mkdir(join(folder, name));
  for (const [path, text] of Object.entries(FILES)) await writeFile(join(folder, path), text);
  app = await started(fakeDatabase(), folder);
});
after(async () => {
  await app.close();
  await rm(folder, { recursive: true });
});

async function started(database, pagesFolder, log = keepingLog()) {
  // As HarperDB makes it.
  const app = fastify({ ignoreTrailingSlash: true });
  await app.register(recommenderRoutes, {
    prefix: '/song-recommender',
    database,
    settings: { project: 'song-recommender', collection: 'songs', code: 'c0de' },
    wasmFolder: WASM_FOLDER,
    pagesFolder,
    node: { name: 'node-1', worker: 0 },
    log,
  });
  return app;
}

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
    ['/?songs=a', '/song-recommender/ui/?songs=a'],
    ['/ui', '/song-recommender/ui/'],
    ['/ui?songs=a&songs=b', '/song-recommender/ui/?songs=a&songs=b'],
    ['/ui/status', '/song-recommender/ui/status/'],
    ['/docs', '/song-recommender/docs/'],
  ]) {
    const { statusCode, headers } = await get(path);
    assert.equal(statusCode, 307, path);
    const from = `http://proxy.example/behind/song-recommender${path}`;
    const { pathname, search } = new URL(headers.location, from);
    assert.equal(pathname + search, `/behind${target}`, path);
  }
});

test('the page of the API is beside the others, with the same headers', async () => {
  const answer = await get('/docs/');
  assert.deepEqual([answer.statusCode, answer.body], [200, FILES['docs/index.html']]);
  const policy = (await get('/ui/')).headers['content-security-policy'];
  assert.equal(answer.headers['content-security-policy'], policy);
  assert.equal(answer.headers['cache-control'], 'no-cache');
});

test('what is no page is 404 in our shape', async () => {
  for (const path of [
    '/ui/none.js',
    '/ui/notes.txt',
    '/ui/index.html.br',
    '/ui/..%2Fsettings.json',
    '/ui/__proto__',
    '/ui/assets/',
    '/ui/docs',
    '/ui/docs/',
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

const HEAD = `<head>
    <meta name="description" content="Pick a few favourites." />
    <meta property="og:type" content="website" />
    <meta property="og:title" content="Recommendations" />
    <meta
      property="og:description" content="Pick a few favourites." />
    <title>Recommendations</title>
  </head>`;
const PLAIN = ['Recommendations', 'Recommendations', 'Pick a few favourites.'];

/** Title, Open Graph title and the two descriptions, which are the same, as HTML. */
function wordsOf(html) {
  const of = (pattern) => html.match(pattern)?.[1];
  const description = of(/name="description" content="([^"]*)"/);
  assert.equal(of(/property="og:description" content="([^"]*)"/), description);
  return [of(/<title>([^<]*)</), of(/property="og:title" content="([^"]*)"/), description];
}

/** A site with a model whose first songs have these titles. */
async function siteWith(t, titles, { deployed = true } = {}) {
  const pagesFolder = await mkdtemp(join(tmpdir(), 'pages-'));
  await mkdir(join(pagesFolder, 'status'));
  for (const path of ['index.html', 'status/index.html'])
    await writeFile(join(pagesFolder, path), HEAD);
  await writeFile(join(pagesFolder, 'index.html.br'), 'page, brotli');
  const database = fakeDatabase();
  const bundle = toyBundle({ editions: { 'edition-0': 0 } });
  titles.forEach((title, i) => (bundle.rows[i].title = title));
  push(database, bundle);
  if (deployed) point(database, bundle.manifest.version);
  const log = keepingLog();
  const site = await started(database, pagesFolder, log);
  t.after(async () => {
    await site.close();
    await rm(pagesFolder, { recursive: true });
  });
  const ask = (path, headers = {}, method = 'GET') =>
    site.inject({ method, url: `/song-recommender/${path}`, headers });
  await until(async () => (await ask('health')).statusCode === (deployed ? 200 : 503));
  return { ask, database, log };
}

test('the page names the favourites of its address, for what runs no scripts', async (t) => {
  const { ask } = await siteWith(t, ['One', 'Two', 'Three', 'Four']);
  for (const [query, title, named] of [
    ['song-0', 'Songs like One', 'One'],
    ['song-0,song-1&variety=0.5', 'Songs like One and Two', 'One and Two'],
    ['song-0,song-1,song-2,song-3', 'Songs like One, Two and 2 more', 'One, Two, Three and Four'],
    ['song-0,UNKNOWN,song-1', 'Songs like One and Two', 'One and Two'],
    ['edition-0', 'Songs like One', 'One'],
  ]) {
    for (const path of ['ui/', 'ui/index.html']) {
      const answer = await ask(`${path}?songs=${query}`);
      const description = `Recommended songs for everyone who likes ${named}.`;
      assert.deepEqual(wordsOf(answer.body), [title, title, description], path);
      assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8');
      assert.equal(answer.headers['cache-control'], 'no-cache');
      assert.match(answer.headers['content-security-policy'], /frame-ancestors 'none'/);
    }
  }
});

test('at most ten favourites are named', async (t) => {
  const { ask } = await siteWith(t, []);
  const ids = Array.from({ length: 30 }, (_, i) => `song-${i}`);
  const [title, , description] = wordsOf((await ask(`ui/?songs=${ids}`)).body);
  assert.equal(title, 'Songs like Title 0 of songs, Title 1 of songs and 8 more');
  assert.match(description, /Title 8 of songs and Title 9 of songs\.$/);
});

test('a title cannot put anything but text into the page', async (t) => {
  const { ask } = await siteWith(t, [
    '"/></title><script>alert(1)</script>',
    "$& $` $' $1 'x' &amp;",
  ]);
  const { body } = await ask('ui/?songs=song-0,song-1');
  const first = '&quot;/&gt;&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;';
  const second = '$&amp; $` $&#39; $1 &#39;x&#39; &amp;amp;';
  const title = `Songs like ${first} and ${second}`;
  assert.deepEqual(wordsOf(body).slice(0, 2), [title, title]);
  assert.equal(body.match(/</g).length, HEAD.match(/</g).length);
});

test('a page with names has an ETag of its own and is compressed', async (t) => {
  const { ask } = await siteWith(t, ['One', 'Two']);
  const one = await ask('ui/?songs=song-0', { 'accept-encoding': 'br, gzip' });
  assert.equal(one.headers['content-encoding'], 'gzip');
  assert.equal(wordsOf(String(gunzipSync(one.rawPayload)))[0], 'Songs like One');
  const tags = new Set();
  for (const query of ['', '?songs=song-0', '?songs=song-1'])
    tags.add((await ask(`ui/${query}`)).headers.etag);
  assert.equal(tags.size, 3);

  const known = { 'if-none-match': one.headers.etag };
  const again = await ask('ui/?songs=song-0', known);
  assert.deepEqual([again.statusCode, again.body], [304, '']);
  assert.equal((await ask('ui/?songs=song-1', known)).statusCode, 200);
  const head = await ask('ui/?songs=song-0', { 'accept-encoding': 'gzip' }, 'HEAD');
  assert.deepEqual([head.statusCode, head.body], [200, '']);
  assert.equal(head.headers['content-length'], one.headers['content-length']);
});

test('without a favourite that is known, the page is sent as it was built', async (t) => {
  const { ask } = await siteWith(t, []);
  for (const path of [
    'ui/?songs=UNKNOWN',
    'ui/?songs=<script>',
    `ui/?songs=${'x'.repeat(5000)}`,
    'ui/?songs=',
    'ui/?songs=%E0%A4%A',
    'ui/?books=song-0',
    'ui/status/?songs=song-0',
  ]) {
    const answer = await ask(path);
    assert.equal(answer.statusCode, 200, path);
    assert.deepEqual(wordsOf(answer.body), PLAIN, path);
  }
  const compressed = await ask('ui/?songs=UNKNOWN', { 'accept-encoding': 'br' });
  assert.equal(compressed.headers['content-encoding'], 'br');
});

test('without a model or with a table that cannot be read, the page is sent as it was built', async (t) => {
  const fresh = await siteWith(t, [], { deployed: false });
  assert.deepEqual(wordsOf((await fresh.ask('ui/?songs=song-0')).body), PLAIN);

  const { ask, database, log } = await siteWith(t, []);
  database.items.failure = new Error('the disk is gone');
  const answer = await ask('ui/?songs=song-0');
  assert.equal(answer.statusCode, 200);
  assert.deepEqual(wordsOf(answer.body), PLAIN);
  assert.ok(log.lines.some(({ detail }) => detail === database.items.failure));
});

test('a page with favourites does not wait for a model that is being loaded', async (t) => {
  const { ask, database } = await siteWith(t, [], { deployed: false });
  let release;
  let asked = false;
  const record = new Promise((resolve) => (release = resolve));
  database.models.get = () => {
    asked = true;
    return record;
  };
  point(database, 'v-slow');
  await until(() => asked);
  assert.deepEqual(wordsOf((await ask('ui/?songs=song-0')).body), PLAIN);
  release();
});

test('pages may load pictures from the host of the model, and from no other', async (t) => {
  const database = fakeDatabase();
  const bundle = toyBundle({ manifest: { picture: { url: 'https://pics.example:8443/{id}' } } });
  push(database, bundle);
  point(database, bundle.manifest.version);
  const started_ = await started(database, folder);
  t.after(() => started_.close());
  const images = async (path) => {
    const answer = await started_.inject({ url: `/song-recommender${path}` });
    return answer.headers['content-security-policy'].match(/img-src ([^;]*)/)[1];
  };
  await until(async () => (await images('/ui/')).includes('https'));
  assert.equal(await images('/ui/'), "'self' data: https://pics.example:8443");
  for (const path of ['/docs/', '/ui/status/']) assert.equal(await images(path), "'self' data:");
});

test('a host of pictures that could say more in the policy is none', () => {
  assert.equal(withPictures(undefined), PAGE_HEADERS);
  for (const url of [
    'http://pics.example/{id}',
    'https://a;script-src/{id}',
    'https://*/{id}',
    "https://'none'/{id}",
    'https://a,b/{id}',
    'data:text/html,{id}',
    '//pics.example/{id}',
    'https://{id}.example/',
    '',
    null,
    7,
  ]) {
    assert.equal(pictureOrigin({ url }), undefined, String(url));
  }
  assert.equal(pictureOrigin(undefined), undefined);
  assert.equal(pictureOrigin({ url: 'https://me@pics.example/{id}' }), 'https://pics.example');
});
