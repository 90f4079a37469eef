/**
 * TensorFlow.js: the only module that knows of tensors.
 */

import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { loadGraphModelSync } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { ModelRefused } from './errors.js';
import { installKernels } from './kernels.js';

const STARTING = Symbol.for('harperdb-recommender: the start of the backend');

/**
 * Makes wasm the backend, or cpu where wasm does not start. The backend is the worker's, shared by all
 * recommenders in it: who comes second waits for the first one's start. TensorFlow.js names a backend before
 * it can be used, so its name alone says nothing.
 *
 * @param {string} folder Where the .wasm files lie.
 * @param {{warn: (message: string) => void}} log
 * @returns {Promise<string>} `wasm` or `cpu`.
 */
export function startBackend(folder, log) {
  const engine = tf.engine(); // one for all copies of TensorFlow.js in the worker
  engine[STARTING] ??= start(folder, log).catch((error) => {
    engine[STARTING] = undefined;
    throw error;
  });
  return engine[STARTING];
}

async function start(folder, log) {
  // Threads of wasm's own would fight with HarperDB's workers for the same cores.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  setWasmPaths(folder.endsWith('/') ? folder : `${folder}/`);
  const started = await withoutCrashing(() => tf.setBackend('wasm').catch(() => false));
  if (started) installKernels();
  else {
    log.warn(`TensorFlow.js: wasm did not start from ${folder}; the slower cpu backend answers`);
    await tf.setBackend('cpu');
  }
  return tf.getBackend();
}

/**
 * Emscripten's glue makes any promise of the whole process that is rejected unheard throw. HarperDB has such
 * promises: the first peer that went away would end every worker of every other node.
 */
async function withoutCrashing(work) {
  const events = ['unhandledRejection', 'uncaughtException'];
  const before = new Set(events.flatMap((event) => process.listeners(event)));
  try {
    return await work();
  } finally {
    for (const event of events) {
      for (const listener of process.listeners(event)) {
        const isGlue = !before.has(listener) && /throw/.test(String(listener));
        if (isGlue) process.removeListener(event, listener);
      }
    }
  }
}

/** @returns {{backend: string | null, tensors: number, bytes: number}} What the process's backend holds. */
export function backendFigures() {
  // Before the first model there is no backend, and asking for its memory would throw.
  if (!tf.engine().backendName) return { backend: null, tensors: 0, bytes: 0 };
  const { numTensors, numBytes } = tf.memory();
  return { backend: tf.getBackend(), tensors: numTensors, bytes: numBytes };
}

/**
 * @param {object} topology `model.json`, parsed.
 * @param {ArrayBuffer} weights All shards, one after the other.
 * @returns {Graph}
 * @throws {ModelRefused} The graph cannot be made of it.
 */
export function loadGraph(topology, weights) {
  const { signature } = topology;
  const input = signature?.inputs?.favourites?.name;
  if (!input || !signature.outputs) throw new ModelRefused('model.json: no input favourites');
  const weightSpecs = topology.weightsManifest.flatMap((group) => group.weights);
  const artefacts = { ...topology, weightSpecs, weightData: weights };
  try {
    const model = loadGraphModelSync(tf.io.fromMemorySync(artefacts));
    return new Graph(model, { ...topology, weightsManifest: undefined }, input);
  } catch (cause) {
    throw new ModelRefused('model.json: TensorFlow.js does not take this graph', { cause });
  } finally {
    // The model keeps what it was made of; the tensors are a second copy of these bytes already.
    artefacts.weightData = undefined;
  }
}

class Graph {
  #model;
  #topology;
  #input;
  #outputs;
  #parts = new Map();

  constructor(model, topology, input) {
    const outputs = Object.entries(topology.signature.outputs);
    this.#model = model;
    this.#topology = topology;
    this.#input = input;
    this.#outputs = new Map(outputs.map(([name, { name: node }]) => [name, node]));
  }

  /**
   * @param {string} name Of an output, as the manifest says it.
   * @returns {boolean}
   */
  has(name) {
    return this.#outputs.has(name);
  }

  /**
   * Computes what these outputs need and nothing else.
   *
   * @param {Int32Array} favourites Item indices, padded with -1; checked by the caller, because an index out
   *   of range is a memory fault in some kernels.
   * @param {string[]} names Of outputs.
   * @returns {(Int32Array | Float32Array)[]} In the order of the names, row after row.
   */
  run(favourites, names) {
    const part = this.#partFor(names);
    let arrays;
    tf.tidy(() => {
      const input = tf.tensor2d(favourites, [1, favourites.length], 'int32'); // [1, F]
      const nodes = names.map((name) => this.#outputs.get(name));
      const tensors = part.execute({ [this.#input]: input }, nodes);
      // Not returned from here: tidy would search them for tensors, number by number.
      arrays = [tensors].flat().map((tensor) => tensor.dataSync());
    });
    return arrays;
  }

  /**
   * A graph of what these outputs need, over the same weights. The executor goes through all weights of its
   * graph for each run, which for the whole graph takes longer than many a strategy.
   */
  #partFor(names) {
    const key = names.join();
    const known = this.#parts.get(key);
    if (known) return known;
    const { modelTopology, signature } = this.#topology;
    const node = needed(
      modelTopology.node,
      names.map((name) => this.#outputs.get(name)),
    );
    const part = loadGraphModelSync(
      tf.io.fromMemorySync({
        ...this.#topology,
        modelTopology: { ...modelTopology, node },
        signature: { inputs: signature.inputs, outputs: only(signature.outputs, names) },
        weightSpecs: [],
        weightData: new ArrayBuffer(0),
      }),
    );
    for (const { name } of node) {
      if (this.#model.weights[name]) part.weights[name] = this.#model.weights[name];
    }
    this.#parts.set(key, part);
    return part;
  }

  /** Frees the weights; nothing may be run afterwards. */
  dispose() {
    this.#model.dispose();
  }
}

/** The nodes that these outputs are computed from, in their old order. */
function needed(nodes, outputs) {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const found = new Set();
  const left = [...outputs];
  while (left.length) {
    // `^name` only orders, `name:1` is a further output of a node.
    const name = left.pop().replace(/^\^/, '').split(':')[0];
    if (found.has(name)) continue;
    found.add(name);
    left.push(...(byName.get(name)?.input ?? []));
  }
  return nodes.filter(({ name, op }) => found.has(name) || op === 'Placeholder');
}

const only = (object, keys) => Object.fromEntries(keys.map((key) => [key, object[key]]));
