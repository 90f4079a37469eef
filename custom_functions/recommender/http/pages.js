/**
 * The built pages, held in memory: compressed when they were built, revalidated by their content's hash. Files under
 * `assets/` carry a hash in their names and never change.
 */

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';
import { PAGE_HEADERS, withPictures } from './headers.js';
import { withWords } from './preview.js';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};
// The best first. The build writes each beside the file it was made from.
const ENCODINGS = { br: '.br', gzip: '.gz' };
const FOREVER = 'public, max-age=31536000, immutable';
const REVALIDATED = 'no-cache';
/** The page with items, whose favourites are in its address. */
const PICKS = 'index.html';

/**
 * Read without waiting: a plugin must not wait while it registers its routes (see routes/recommend.js).
 *
 * @param {string} folder What the build of the pages wrote; may be missing.
 * @returns {Map<string, Page>} By path, e.g. `status/index.html`.
 *
 * @typedef {{headers: Record<string, string>, etag: string, bodies: Record<string, Buffer>}} Page
 */
export function readPages(folder) {
  const files = new Map(filesOf(folder).map((path) => [path, readFileSync(join(folder, path))]));
  const pages = [...files].filter(([path]) => TYPES[extname(path)]);
  return new Map(pages.map(([path, content]) => [path, pageOf(path, content, files)]));
}

function filesOf(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    .map((path) => path.split(sep).join('/'));
}

function pageOf(path, content, files) {
  const compressed = Object.entries(ENCODINGS)
    .map(([encoding, suffix]) => [encoding, files.get(`${path}${suffix}`)])
    .filter(([, body]) => body);
  return {
    // Weak: the same content, however it is compressed.
    etag: `W/"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`,
    headers: {
      ...PAGE_HEADERS,
      'content-type': TYPES[extname(path)],
      'cache-control': path.startsWith('assets/') ? FOREVER : REVALIDATED,
      vary: 'accept-encoding',
    },
    bodies: { ...Object.fromEntries(compressed), identity: content },
  };
}

/**
 * @param {Map<string, Page>} pages
 * @param {object} options
 * @param {() => Error} options.missing Makes the error for an address without a page.
 * @param {ReturnType<import('./preview.js').createPreview>} options.previewOf
 * @param {() => string | undefined} options.picturesFrom The origin of the items' pictures, if there are any.
 * @returns {(path: string, request: object, reply: object) => Promise<unknown>} Answers `GET ui/<path>`.
 */
export function createPageHandler(pages, { missing, previewOf, picturesFrom }) {
  async function pageFor(name, request) {
    const page = pages.get(name);
    const words = page && name === PICKS ? await previewOf(request.url) : undefined;
    return words ? named(page, words) : page;
  }

  return async function sendPage(path, request, reply) {
    const name = path === '' || path.endsWith('/') ? `${path}index.html` : path;
    const page = await pageFor(name, request);
    if (!page) {
      if (!pages.has(`${path}/index.html`)) throw missing();
      return redirect(request, reply, `${path.split('/').at(-1)}/`);
    }
    reply.headers(page.headers).header('etag', page.etag);
    if (name === PICKS) reply.headers(withPictures(picturesFrom()));
    if (matches(request.headers['if-none-match'], page.etag)) return reply.code(304).send();
    const encoding = chosenEncoding(request.headers['accept-encoding'], Object.keys(page.bodies));
    if (encoding !== 'identity') reply.header('content-encoding', encoding);
    return reply.send(page.bodies[encoding]);
  };
}

function named(page, words) {
  const content = Buffer.from(withWords(String(page.bodies.identity), words));
  return pageOf(PICKS, content, new Map([[`${PICKS}.gz`, gzipSync(content)]]));
}

/**
 * Relative, so that a proxy may serve the project under another path; the query is kept.
 *
 * @param {{url: string}} request
 * @param {object} reply
 * @param {string} path
 */
export function redirect({ url }, reply, path) {
  const query = url.includes('?') ? url.slice(url.indexOf('?')) : '';
  return reply.code(307).header('location', `./${path}${query}`).send();
}

/**
 * @param {string | undefined} accepted The header `Accept-Encoding`.
 * @param {string[]} there What there is, the best first; ends with `identity`.
 * @returns {string}
 */
export function chosenEncoding(accepted = '', there = ['identity']) {
  const weights = new Map(
    accepted.split(',').map((part) => {
      const [name, ...parameters] = part
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/);
      const weight = parameters.find((one) => one.startsWith('q='))?.slice(2) ?? 1;
      return [name, Number(weight)];
    }),
  );
  const wanted = (name) => (weights.get(name) ?? weights.get('*') ?? 0) > 0;
  return there.find(wanted) ?? 'identity';
}

// Weak comparison, RFC 9110, section 13.1.2.
const matches = (header, etag) =>
  header !== undefined &&
  (header.trim() === '*' || header.split(',').some((one) => bare(one) === bare(etag)));
const bare = (etag) => etag.trim().replace(/^W\//, '');
