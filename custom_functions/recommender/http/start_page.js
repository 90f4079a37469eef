/**
 * The page at `/`, with a link to each recommender of the node. No component owns that address: every one of them
 * enters itself in a list that the components of a worker share, and whichever is asked first answers from it, but
 * only where nothing else on the node answers `/`.
 */

import { createHash } from 'node:crypto';
import { escaped } from './html.js';
import { pageHeaders } from './headers.js';

const PROJECTS = Symbol.for('harperdb-recommender.projects');

const STYLE = `
:root{color-scheme:light dark;font:1.125rem/1.5 'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif}
body{max-inline-size:34rem;margin:12vh auto;padding-inline:1.25rem}
h1{font-size:2rem;line-height:1.15}
ul{padding:0;list-style:none}
a{display:block;padding-block:.75rem;border-block-end:1px solid;font-weight:700}`;

const HEADERS = {
  ...pageHeaders({ scripts: "'none'", styles: `'sha256-${sha256(STYLE)}'` }),
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-cache',
};

/**
 * @param {object} options
 * @param {object} options.server HarperDB's.
 * @param {import('fastify').FastifyInstance} options.app Shares its router with the other components.
 * @param {{project: string, collection: string}} options.settings
 */
export function joinStartPage({ server, app, settings }) {
  const projects = (globalThis[PROJECTS] ??= new Map());
  projects.set(settings.project, settings.collection);
  app.addHook('onClose', async () => projects.delete(settings.project));
  server.http?.(
    async (request, next) => {
      const response = await next(request);
      const isOurs = isStart(request) && isUnanswered(response);
      if (!isOurs || app.hasRoute({ method: 'GET', url: '/' })) return response;
      return { status: 200, headers: HEADERS, body: startPage(projects) };
    },
    { runFirst: true },
  );
}

const isStart = ({ method, url, isWebSocket }) =>
  !isWebSocket && (method === 'GET' || method === 'HEAD') && url.split('?', 1)[0] === '/';

// -1: none of HarperDB's own handlers answers, and Fastify is asked next.
const isUnanswered = (response) => response?.status === -1;

/**
 * @param {Map<string, string>} projects What each recommends.
 * @returns {string} HTML. The links are relative: a proxy may serve the node under another path.
 */
export function startPage(projects) {
  const links = [...projects].sort().map(([project, collection]) => {
    const name = collection.charAt(0).toUpperCase() + collection.slice(1);
    return `<li><a href="./${escaped(encodeURIComponent(project))}/ui/">${escaped(name)}</a></li>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Recommendations</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Recommendations</h1>
<p>Pick a few favourites and see what to try next.</p>
<ul>
${links.join('\n')}
</ul>
</main>
</body>
</html>
`;
}

function sha256(text) {
  return createHash('sha256').update(text).digest('base64');
}
