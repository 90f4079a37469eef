/**
 * The title and the description of a page with favourites: the same words in the browser and in the page's HTML,
 * which programs that run no scripts read.
 */

const LIST = new Intl.ListFormat('en-GB', { type: 'conjunction' });
const MOST_IN_TITLE = 2;

/** @param {string} text @returns {string} The text with a capital first letter. */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * @param {{id: string}} item
 * @param {{name: string}[]} fields The manifest's; the first names the item.
 * @returns {string} The title, or the id of an item without one.
 */
export const titleOf = (item, [{ name }]) => String(item[name] || item.id);

/**
 * What a tab, a bookmark and the preview of a link show.
 *
 * @param {{items: string}} labels
 * @param {string[]} names Of the favourites.
 * @returns {{title: string, description: string}}
 */
export function pageTitle({ items }, names) {
  if (!names.length) {
    return {
      title: `${capital(items)} you may like`,
      description: `Pick a few favourite ${items} and get recommendations.`,
    };
  }
  const more = names.length - MOST_IN_TITLE;
  const shown = more > 1 ? [...names.slice(0, MOST_IN_TITLE), `${more} more`] : names;
  return {
    title: `${capital(items)} like ${LIST.format(shown)}`,
    description: `Recommended ${items} for everyone who likes ${LIST.format(names)}.`,
  };
}
