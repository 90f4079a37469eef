/**
 * The page's title and description with the favourites of its address, for what shows links: a chat or a search
 * engine reads the HTML and runs no script.
 */

import { boundsOf } from '../lib/bounds.js';
import { readIds } from '../lib/listed_ids.js';
import { pageTitle, titleOf } from '../lib/page_title.js';
import { escaped } from './html.js';

const MOST = 10;
const LONGEST_ID = 100; // as in the schemas

/**
 * @param {object} options
 * @param {ReturnType<import('../lib/models.js').createModels>} options.models
 * @param {string} options.collection Name of the parameter that carries the favourites.
 * @param {{warn: Function}} options.log
 * @returns {(url: string) => Promise<{title: string, description: string} | undefined>} Words for the page at this
 *   address. Undefined where there is nothing to name, or it cannot be read: never waits for a model, never rejects.
 */
export function createPreview({ models, collection, log }) {
  return async function previewOf(url) {
    const ids = readIds(new URLSearchParams(url.split('?')[1]).get(collection));
    if (!ids.length || !models.state().model) return undefined;
    try {
      return await models.use((opened) => wordsFor(opened, ids));
    } catch (error) {
      log.warn('the favourites in the address of a page cannot be read', error);
      return undefined;
    }
  };
}

async function wordsFor({ model, show }, ids) {
  const { labels, fields } = model.manifest;
  const most = Math.min(boundsOf(model.manifest).favourites, MOST);
  // Ids that the model does not know are left out: a link could put any words into the title with them.
  const known = ids
    .slice(0, most)
    .filter((id) => id.length <= LONGEST_ID)
    .map((id) => model.workOf(id))
    .filter((index) => index !== undefined);
  if (!known.length) return undefined;
  const items = await show(known.map((index) => model.idOf(index)));
  const names = items.map((item) => titleOf(item, fields));
  return pageTitle({ items: 'items', ...labels }, names);
}

const TITLE = /(?<=<title>)[^<]*(?=<\/title>)/;
const META =
  /(?<=<meta\s+(?:name|property)="(description|og:title|og:description)"\s+content=")[^"]*(?=")/g;

/**
 * @param {string} html A built page.
 * @param {{title: string, description: string}} words Plain text.
 * @returns {string}
 */
export function withWords(html, words) {
  const title = escaped(words.title);
  const description = escaped(words.description);
  // Functions, because `$` in a replacement has a meaning.
  return html
    .replace(TITLE, () => title)
    .replace(META, (_, name) => (name === 'og:title' ? title : description));
}
