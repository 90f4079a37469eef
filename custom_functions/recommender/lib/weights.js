/**
 * Reads single weights out of a bundle's shards, without TensorFlow.js.
 */

import { ModelRefused } from './errors.js';
import { createPauses } from './pauses.js';

const ARRAYS = {
  float32: Float32Array,
  int32: Int32Array,
  float16: Uint16Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

/** How many floats are converted before the clock is read again. */
const STRIDE = 16_384;

let halves; // the value of each of the 65,536 half-precision numbers, made when first needed

/**
 * @param {{topology: object, weights: ArrayBuffer}} bundle
 * @returns {(name: string) => {dtype: string, shape: number[], values: Int32Array | Float32Array |
 *   Uint16Array | Uint8Array}} The weight of a name, copied and as it is stored: half-precision numbers are
 *   16 bits each, see `Floats`.
 * @throws {ModelRefused} The lookup: there is no such weight, or it lies beyond the shards.
 */
export function weightsOf({ topology, weights }) {
  const placed = new Map();
  let offset = 0;
  for (const spec of topology.weightsManifest.flatMap((group) => group.weights)) {
    const dtype = spec.quantization?.dtype ?? spec.dtype;
    const length = spec.shape.reduce((product, size) => product * size, 1);
    placed.set(spec.name, { dtype, shape: spec.shape, length, offset });
    // The length of anything else, texts say, is not known: what follows cannot be located.
    if (!ARRAYS[dtype]) break;
    offset += length * ARRAYS[dtype].BYTES_PER_ELEMENT;
  }
  return (name) => {
    const { dtype, shape, length, offset: begin } = placed.get(name) ?? {};
    const Values = ARRAYS[dtype];
    if (!Values) throw new ModelRefused(`model.json: no numeric weight ${name}`);
    const end = begin + length * Values.BYTES_PER_ELEMENT;
    if (end > weights.byteLength) throw new ModelRefused(`weights: ${name} is missing`);
    // A copy, because the place of a weight need not be a multiple of its element's size.
    return { dtype, shape, values: new Values(weights.slice(begin, end)) };
  };
}

/** Floats as the bundle stores them, converted when they are read: half-precision stays half the size. */
export class Floats {
  #values;
  #table;

  /** @param {{dtype: string, values: Float32Array | Uint16Array}} weight `float32` or `float16`. */
  constructor({ dtype, values }) {
    this.#values = values;
    this.#table = dtype === 'float16' ? (halves ??= readHalves()) : undefined;
  }

  /** @returns {number} */
  get length() {
    return this.#values.length;
  }

  /**
   * @param {number} place
   * @returns {number}
   */
  at(place) {
    const value = this.#values[place];
    return this.#table === undefined ? value : this.#table[value];
  }

  /**
   * @param {number} [more] Zeros behind them.
   * @returns {Promise<Float32Array>} All of them.
   */
  async toArray(more = 0) {
    const pause = createPauses();
    const array = new Float32Array(this.length + more);
    for (let place = 0; place < this.length; place++) {
      array[place] = this.at(place);
      if (place % STRIDE === STRIDE - 1) await pause();
    }
    return array;
  }
}

/** IEEE 754 binary16: one bit of sign, five of exponent, ten of fraction. */
function readHalves() {
  return Float32Array.from({ length: 65_536 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = (bits & 1023) / 1024;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (exponent ? (1 + fraction) * 2 ** (exponent - 15) : fraction * 2 ** -14);
  });
}
