/**
 * How a model answers where a request does not say: a strategy and settings, of an experiment's challenger or left
 * by a promotion. See docs/experiments.md.
 */

const SETTINGS = ['diversity', 'novelty'];

/** @typedef {{strategy: string | null, settings: {diversity?: number, novelty?: number}}} Defaults */

/** Those of a model by itself. */
const OWN = { strategy: null, settings: {} };

/**
 * @param {unknown} value
 * @returns {boolean}
 */
export const isStrategy = (value) => value === null || (typeof value === 'string' && value !== '');

/**
 * @param {unknown} value
 * @returns {boolean}
 */
export const areSettings = (value) =>
  isObject(value) &&
  Object.entries(value).every(([name, share]) => SETTINGS.includes(name) && isShare(share));

/**
 * @param {unknown} value The pointer's attribute `defaults`, which comes from outside.
 * @returns {Defaults | undefined} What of it is as described; nothing where there is none.
 */
export function defaultsOf(value) {
  if (!isObject(value)) return undefined;
  const { strategy = null, settings } = value;
  return {
    strategy: isStrategy(strategy) ? strategy : null,
    settings: areSettings(settings) ? settings : {},
  };
}

/**
 * @param {{default_strategy: string, strategies: {name: string}[]}} manifest
 * @param {Defaults} [defaults]
 * @returns {string} The strategy that answers where a request names none.
 */
export function defaultStrategy({ default_strategy: own, strategies }, { strategy } = OWN) {
  const isKnown = strategy !== null && strategies.some(({ name }) => name === strategy);
  return isKnown ? strategy : own;
}

/**
 * @param {object} request What was asked; `strategy`, `diversity` and `novelty` may be missing.
 * @param {object} manifest
 * @param {Defaults} [defaults]
 * @returns {object} The same with all three.
 */
export function withDefaults(request, manifest, defaults = OWN) {
  const { settings } = defaults;
  return {
    ...request,
    strategy: request.strategy ?? defaultStrategy(manifest, defaults),
    diversity: request.diversity ?? settings.diversity ?? 0,
    novelty: request.novelty ?? settings.novelty ?? 0,
  };
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isShare = (value) => Number.isFinite(value) && value >= 0 && value <= 1;
