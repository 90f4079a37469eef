import { watchEffect } from 'vue';
import { pageTitle } from '../../../lib/page_title.js';

/**
 * Names the favourites in the page's title and in the tags that the preview of a link is made of.
 *
 * @param {() => object} labels The manifest's.
 * @param {() => string[]} names Names of the favourites.
 */
export function usePageTitle(labels, names) {
  watchEffect(() => {
    const { title, description } = pageTitle(labels(), names());
    document.title = title;
    setMeta('[property="og:title"]', title);
    setMeta('[name="description"], [property="og:description"]', description);
  });
}

function setMeta(selector, content) {
  for (const tag of document.head.querySelectorAll(`meta:is(${selector})`)) tag.content = content;
}
