/**
 * Opens the model of a version: record, checks, graph, probes, and its catalogue.
 */

import { readBundle } from './bundle.js';
import { startBackend } from './graph.js';
import { createHeldCatalogue } from './held_catalogue.js';
import { openModel } from './model.js';
import { createShownItems } from './shown_items.js';

/**
 * @param {object} options
 * @param {ReturnType<import('./tables.js').createTables>} options.tables
 * @param {string} options.wasmFolder
 * @param {{info: Function, warn: Function, error: Function}} options.log
 * @param {string} [options.project] A model of another project is refused.
 * @param {number} [options.patience] Milliseconds to wait for one blob.
 * @returns {(version: string, previous?: object) => Promise<import('./models.js').Opened & {model: object,
 *   catalogue: object, show: (ids: string[]) => Promise<object[]>}>}
 */
export function createLoader({ tables, wasmFolder, log, project, patience }) {
  return async function open(version, previous) {
    await startBackend(wasmFolder, log);
    const record = await tables.model(version);
    const model = await openModel(await readBundle(record, version, { project, patience }));
    const catalogue = sameItems(previous?.model.manifest, model.manifest)
      ? previous.catalogue
      : createHeldCatalogue({ tables, model, log });
    return {
      version,
      model,
      catalogue,
      show: createShownItems({ tables, fields: model.manifest.fields }),
      // A swap waits for it, so that searches never do; a failure is no reason against the model.
      ready: Promise.resolve(catalogue.refresh()),
      refresh: () => catalogue.refresh(),
      dispose: () => model.dispose(),
    };
  };
}

// The catalogue is the greater part of the work, and a retrained model mostly has the items of the last.
function sameItems(old, manifest) {
  if (!old) return false;
  const of = ({ files, creator, fields }) =>
    JSON.stringify([files['item_ids.json'], files['items.jsonl'], creator, fields]);
  return of(old) === of(manifest);
}
