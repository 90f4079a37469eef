/**
 * What `GET …/model` says: the part of the manifest that is fit for a page.
 */

import { boundsOf } from './bounds.js';
import { defaultStrategy } from './experiments/defaults.js';

const DEFAULTS = {
  created: null,
  domain: null,
  project: null,
  labels: {},
  creator: null,
  link: null,
  picture: null,
  compare_with: null,
  metrics: {},
  data: {},
  seed: null,
};

/**
 * @param {object} manifest
 * @param {import('./pointers.js').Row | undefined} pointer
 * @returns {object}
 */
export function modelCard(manifest, pointer) {
  const { version, fields, sizes, strategies } = manifest;
  const { at = null, by = null, defaults } = pointer?.version === version ? pointer : {};
  const others = Object.entries(DEFAULTS).map(([key, none]) => [key, manifest[key] ?? none]);
  return {
    version,
    current: { at, by },
    ...Object.fromEntries(others),
    fields,
    sizes,
    requests: boundsOf(manifest),
    strategies: strategies.map(strategyCard),
    default_strategy: defaultStrategy(manifest, defaults),
  };
}

const strategyCard = ({ name, title, description, outputs }) => ({
  name,
  title: title ?? name,
  description: description ?? '',
  explains: Boolean(outputs.shares),
  varies: Boolean(outputs.vectors),
});
