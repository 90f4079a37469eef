const PLACEHOLDER = /\{(\w+)\}/g;

/**
 * Where a page links an item to, or where its picture is.
 *
 * @param {{url: string}|null|undefined} link The manifest's link or picture; `{id}` and `{a shown field}` stand for values.
 * @param {object} item
 * @returns {string|null} The address, or null if there is no link or a value is missing.
 */
export function linkTo(link, item) {
  if (!link?.url?.startsWith('https://')) return null;
  const names = [...link.url.matchAll(PLACEHOLDER)].map(([, name]) => name);
  if (names.some((name) => !item[name])) return null;
  return link.url.replace(PLACEHOLDER, (_, name) => encodeURIComponent(String(item[name])));
}
