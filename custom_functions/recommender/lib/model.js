/**
 * A model that can answer: manifest, dictionary and graph of one version, checked by its own probes. A strategy
 * whose table the manifest names is answered without the graph.
 */

import { ModelRefused } from './errors.js';
import { loadGraph } from './graph.js';
import { openItemScores } from './item_scores.js';
import { yieldThread } from './pauses.js';
import { replayProbes } from './probes.js';

/**
 * @param {object} bundle What `readBundle` returns.
 * @returns {Promise<Model>} Has answered all its probes.
 * @throws {ModelRefused}
 */
export async function openModel(bundle) {
  const tables = await openTables(bundle);
  const graph = loadGraph(bundle.topology, bundle.weights);
  // Graph and dictionary each hold the thread for a while; requests go in between.
  await yieldThread();
  const model = new Model(bundle, graph, tables);
  await yieldThread();
  try {
    model.check();
    await replayProbes(model, bundle.probes);
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

async function openTables(bundle) {
  const tables = new Map();
  for (const strategy of bundle.manifest.strategies) {
    if (strategy.table) tables.set(strategy.name, await openItemScores(bundle, strategy));
  }
  return tables;
}

/** What `openModel` makes. Strategies are whatever the manifest names. */
export class Model {
  #ids;
  #indices;
  #editions;
  #graph;
  #tables;
  #strategies;

  constructor({ manifest, ids, editions }, graph, tables = new Map()) {
    this.manifest = manifest;
    this.version = manifest.version;
    this.size = ids.length;
    this.#ids = ids;
    this.#indices = new Map(ids.map((id, index) => [id, index]));
    this.#editions = new Map(Object.entries(editions));
    this.#graph = graph;
    this.#tables = tables;
    this.#strategies = new Map(manifest.strategies.map((strategy) => [strategy.name, strategy]));
  }

  /** @returns {string[]} In the manifest's order. */
  get strategies() {
    return [...this.#strategies.keys()];
  }

  /**
   * @param {string} name
   * @returns {{name: string, outputs: object} | undefined}
   */
  strategy(name) {
    return this.#strategies.get(name);
  }

  /**
   * @param {string} id An item's own.
   * @returns {number | undefined}
   */
  indexOf(id) {
    return this.#indices.get(id);
  }

  /**
   * @param {string} id An item's own, or that of another edition of it: what a visitor may know it by.
   * @returns {number | undefined}
   */
  workOf(id) {
    return this.#indices.get(id) ?? this.#editions.get(id);
  }

  /**
   * @param {number} index
   * @returns {string}
   */
  idOf(index) {
    return this.#ids[index];
  }

  /**
   * @param {string} name Of a strategy of this model.
   * @returns {boolean} Whether it is answered from its table, unless the graph is asked for.
   */
  hasTable(name) {
    return this.#tables.has(name);
  }

  /**
   * Answers from the strategy's table, or else from the graph.
   *
   * @param {string} name Of a strategy of this model.
   * @param {number[]} favourites Distinct item indices, 1..sizes.favourites of them.
   * @param {{shares?: boolean, vectors?: boolean, results?: number, fromGraph?: boolean}} [wanted] The first two
   *   are left out where the strategy has none; `results`: more answers than these are not needed.
   * @returns {{items: Int32Array, scores: Float32Array, shares?: Float32Array, vectors?: Float32Array}}
   */
  answer(name, favourites, wanted = {}) {
    const { outputs } = this.strategy(name);
    const input = this.#input(favourites);
    const table = wanted.fromGraph ? undefined : this.#tables.get(name);
    if (table) {
      const { results } = wanted;
      const [shares, vectors] = ['shares', 'vectors'].map((key) => wanted[key] && outputs[key]);
      return table.answer(favourites, { results, shares, vectors });
    }
    const keys = ['items', 'scores', 'shares', 'vectors'].filter(
      (key, place) => outputs[key] && (place < 2 || wanted[key]),
    );
    const arrays = this.#graph.run(
      input,
      keys.map((key) => outputs[key]),
    );
    return Object.fromEntries(keys.map((key, place) => [key, arrays[place]]));
  }

  /** @throws {ModelRefused} Manifest, dictionary and graph do not belong together. */
  check() {
    if (this.#indices.size < this.size) throw new ModelRefused('item_ids.json: an id twice');
    for (const id of this.#editions.keys()) {
      if (this.#indices.has(id)) throw new ModelRefused('editions.json: the id of an item');
    }
    for (const { name, outputs } of this.manifest.strategies) {
      const absent = Object.values(outputs).find((output) => !this.#graph.has(output));
      if (absent) throw new ModelRefused(`strategy ${name}: the graph has no output ${absent}`);
    }
  }

  /** Frees the tensors; the model must not be asked afterwards. */
  dispose() {
    this.#graph.dispose();
  }

  #input(favourites) {
    const most = this.manifest.sizes.favourites;
    const good = favourites.every((i) => Number.isInteger(i) && i >= 0 && i < this.size);
    if (!good || favourites.length < 1 || favourites.length > most) {
      throw new RangeError(`favourites: expected 1..${most} indices below ${this.size}`);
    }
    const input = new Int32Array(most).fill(-1);
    input.set(favourites);
    return input;
  }
}
