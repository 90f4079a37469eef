/**
 * From a row of `models` to a checked bundle: nothing of it is used before its size and SHA-256 are those of
 * the manifest. Hashes are taken by WebCrypto, off the thread that answers.
 */

import { webcrypto } from 'node:crypto';
import { ModelRefused } from './errors.js';

/** The manifest's `format` this code understands. */
export const FORMAT = 1;

const BLOB_FILES = {
  topology: 'model.json',
  item_ids: 'item_ids.json',
  editions: 'editions.json',
  probes: 'probes.json',
};

/**
 * @param {object | undefined} record A row of `models`.
 * @param {string} version The version asked for.
 * @param {{project?: string, patience?: number}} [options] project: whose model it must be, where that is known;
 *   patience: milliseconds to wait for one blob.
 * @returns {Promise<{manifest: object, topology: object, weights: ArrayBuffer, ids: string[],
 *   editions: Record<string, number>, probes: object[]}>}
 * @throws {ModelRefused}
 */
export async function readBundle(record, version, { project, patience = 30_000 } = {}) {
  if (!record) throw missing(`there is no model ${version} here (yet)`);
  const manifest = readManifest(record.manifest, version);
  refuseUnless(
    !project || !manifest.project || manifest.project === project,
    `it is a model of ${manifest.project}, not of ${project}`,
  );
  const read = (attribute) => bytesOf(record[attribute], attribute, patience);
  const checked = async (attribute) => {
    const file = BLOB_FILES[attribute];
    return parse(file, await check(manifest, file, await read(attribute)));
  };
  const topology = await checked('topology');
  const weights = await checkShards(manifest, topology, await read('weights'));
  const ids = await checked('item_ids');
  // A model whose items have one id each brings no such file, nor does one of an older export.
  const editions = Object.hasOwn(manifest.files, 'editions.json') ? await checked('editions') : {};
  const { probes } = await checked('probes');
  refuseUnless(
    Array.isArray(ids) && ids.length === manifest.sizes.items,
    'item_ids.json: wrong length',
  );
  refuseUnless(
    ids.every((id) => typeof id === 'string'),
    'item_ids.json: an id is no text',
  );
  refuseUnless(leadToItems(editions, ids.length), 'editions.json: an id leads to no item');
  refuseUnless(Array.isArray(probes) && probes.length > 0, 'probes.json: no probes');
  return { manifest, topology, weights, ids, editions, probes };
}

/**
 * @param {string} text
 * @param {string} version
 * @returns {object} The manifest, with everything in it that the component relies on.
 */
function readManifest(text, version) {
  if (typeof text !== 'string') throw missing('the manifest is not there (yet)');
  const manifest = parse('manifest.json', text);
  refuseUnless(
    manifest?.format === FORMAT,
    `format ${JSON.stringify(manifest?.format)} of the manifest: this component reads ${FORMAT}`,
  );
  refuseUnless(manifest.version === version, `the manifest is that of version ${manifest.version}`);
  const { sizes, strategies, fields, files } = manifest;
  for (const size of ['items', 'favourites', 'results']) {
    refuseUnless(Number.isInteger(sizes?.[size]) && sizes[size] > 0, `manifest: sizes.${size}`);
  }
  refuseUnless(isList(fields) && fields.every((field) => isName(field?.name)), 'manifest: fields');
  refuseUnless(isList(strategies) && strategies.every(isStrategy), 'manifest: strategies');
  refuseUnless(
    strategies.some((strategy) => strategy.name === manifest.default_strategy),
    'manifest: default_strategy is none of strategies',
  );
  refuseUnless(files && typeof files === 'object', 'manifest: files');
  return manifest;
}

const isList = (value) => Array.isArray(value) && value.length > 0;
const leadToItems = (editions, items) =>
  editions !== null &&
  typeof editions === 'object' &&
  !Array.isArray(editions) &&
  Object.values(editions).every((i) => Number.isInteger(i) && i >= 0 && i < items);
const isName = (value) => typeof value === 'string' && value !== '';
const isStrategy = (value) =>
  isName(value?.name) && isName(value.outputs?.items) && isName(value.outputs?.scores);

async function checkShards(manifest, topology, weights) {
  const shards = topology?.weightsManifest?.flatMap((group) => group.paths) ?? [];
  const expected = shards.reduce((sum, shard) => sum + described(manifest, shard).bytes, 0);
  if (weights.byteLength !== expected) throw cut('weights', weights.byteLength, expected);
  let offset = 0;
  for (const shard of shards) {
    const { bytes } = described(manifest, shard);
    await check(manifest, shard, weights.subarray(offset, offset + bytes));
    offset += bytes;
  }
  // Its own memory: a view into HarperDB's buffer begins at an odd place.
  return weights.slice().buffer;
}

async function check(manifest, file, bytes) {
  const expected = described(manifest, file);
  if (bytes.byteLength !== expected.bytes) throw cut(file, bytes.byteLength, expected.bytes);
  const digest = Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex');
  refuseUnless(digest === expected.sha256, `${file}: its SHA-256 is not the manifest's`);
  return bytes;
}

function described(manifest, file) {
  const found = Object.hasOwn(manifest.files, file) ? manifest.files[file] : undefined;
  refuseUnless(Number.isInteger(found?.bytes), `manifest: files says nothing of ${file}`);
  return found;
}

async function bytesOf(blob, attribute, patience) {
  if (typeof blob?.arrayBuffer !== 'function') throw missing(`${attribute} is not there (yet)`);
  try {
    const bytes = await within(patience, blob.bytes ? blob.bytes() : blob.arrayBuffer());
    return bytes instanceof Uint8Array
      ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : new Uint8Array(bytes);
  } catch (cause) {
    throw new ModelRefused(`${attribute} cannot be read (yet)`, { temporary: true, cause });
  }
}

function within(milliseconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function parse(file, text) {
  try {
    return JSON.parse(typeof text === 'string' ? text : Buffer.from(text).toString());
  } catch (cause) {
    throw new ModelRefused(`${file}: no JSON`, { cause });
  }
}

function refuseUnless(good, reason) {
  if (!good) throw new ModelRefused(reason);
}

const missing = (reason) => new ModelRefused(reason, { temporary: true });
const cut = (file, found, expected) =>
  missing(`${file}: ${found} bytes are here, the manifest says ${expected}`);
