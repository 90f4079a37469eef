import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fastify from './fastify.js';
import { joinStartPage, startPage } from '../../custom_functions/recommender/http/start_page.js';

const UNANSWERED = { status: -1 };

// Each component puts its listener in front, as HarperDB does; the last one passes to Fastify.
async function node(projects, { route } = {}) {
  const app = fastify();
  const chain = [];
  if (route) app.get(route, async () => 'another application');
  const server = { http: (listener) => chain.unshift(listener) };
  for (const [project, collection] of projects) {
    joinStartPage({ server, app, settings: { project, collection } });
  }
  await app.ready();
  const ask = (request, at = 0) =>
    at < chain.length
      ? chain[at]({ method: 'GET', ...request }, () => ask(request, at + 1))
      : (request.answer ?? UNANSWERED);
  return { ask, app };
}

const BOTH = [
  ['song-recommender', 'songs'],
  ['book-recommender', 'books'],
];

test('links every recommender of the node, whichever component is asked', async () => {
  const { ask, app } = await node(BOTH);
  for (const url of ['/', '/?utm=1']) {
    const { status, body } = await ask({ url });
    assert.equal(status, 200);
    const links = [...body.matchAll(/href="([^"]+)">([^<]+)</g)].map(([, ...link]) => link);
    assert.deepEqual(links, [
      ['./book-recommender/ui/', 'Books'],
      ['./song-recommender/ui/', 'Songs'],
    ]);
  }
  await app.close();
});

test('its policy allows its own style and no script', async () => {
  const { ask, app } = await node(BOTH);
  const { headers, body } = await ask({ url: '/' });
  const style = body.match(/<style>([^]*)<\/style>/)[1];
  const hash = createHash('sha256').update(style).digest('base64');
  const policy = headers['content-security-policy'];
  assert.ok(policy.includes(`style-src 'sha256-${hash}'`));
  assert.ok(policy.includes("script-src 'none'"));
  await app.close();
});

test('leaves / to another application, to other methods and to other paths', async () => {
  const { ask, app } = await node(BOTH);
  const theirs = { status: 200, body: 'their static page' };
  assert.equal(await ask({ url: '/', answer: theirs }), theirs);
  assert.equal(await ask({ url: '/', method: 'POST' }), UNANSWERED);
  assert.equal(await ask({ url: '/', isWebSocket: true }), UNANSWERED);
  assert.equal(await ask({ url: '/other' }), UNANSWERED);
  await app.close();
  for (const route of ['/', '/*']) {
    const shared = await node(BOTH, { route });
    assert.equal(await shared.ask({ url: '/' }), UNANSWERED, route);
    await shared.app.close();
  }
});

test('a component that is closed is no longer linked', async () => {
  const { ask, app } = await node([BOTH[0]]);
  assert.match((await ask({ url: '/' })).body, /song-recommender/);
  await app.close();
  assert.doesNotMatch((await ask({ url: '/' })).body, /song-recommender/);
});

test('names are escaped', () => {
  const page = startPage(new Map([['a"b', '<i>']]));
  assert.ok(page.includes('href="./a%22b/ui/">&lt;i&gt;<'));
});
