/**
 * How much one request may ask for. The model's manifest says it, because the graph's answers are only as long as
 * it needs them to be; see docs/bundle.md.
 */

/** Where a manifest does not say. */
export const DEFAULT_BOUNDS = { favourites: 10, limit: 100, exclude: 1000 };

// A manifest may ask for no more: a request must stay small beside the largest body.
const HIGHEST = { favourites: 100, limit: 1000, exclude: 10_000 };

/**
 * @param {{sizes?: {favourites?: number}, requests?: {limit?: number, exclude?: number}} | undefined} manifest
 * @returns {{favourites: number, limit: number, exclude: number}} The most of each.
 */
export function boundsOf(manifest) {
  const said = { ...manifest?.requests, favourites: manifest?.sizes?.favourites };
  const bounds = Object.entries(DEFAULT_BOUNDS).map(([name, usual]) => {
    const isGiven = Number.isInteger(said[name]) && said[name] > 0;
    return [name, isGiven ? Math.min(said[name], HIGHEST[name]) : usual];
  });
  return Object.fromEntries(bounds);
}
