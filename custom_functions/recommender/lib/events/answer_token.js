/**
 * The signed answer of docs/events.md: an opaque token that proves which items a session was shown, by which
 * model, and where each stood. It carries digests of the items and no ids, so it can be checked on any node,
 * whichever model that node has loaded.
 */

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

const FORMAT = 2;
const HEADER = 11; // format, key id, time
const DIGEST = 4;
const PROPENSITY = 4; // float32
const MAC = 16;
const NAME = 9; // bytes of the MAC that name the answer
const KEY_ID = 4;
const MOST = 2048; // characters; 100 items take about 700

/**
 * @typedef {{id: string, secret: Buffer, signsFrom: number}} Key
 * @typedef {{version: string, strategy: string, variant: string, node: string}} Source
 * @typedef {{explored: number[], propensity: number | null}} Explored The 1-based places of items that the model
 *   knows little about, and how likely each of these items was to stand there (docs/events.md).
 * @typedef {Source & Explored & {name: string, shownAt: number, digests: Buffer}} Answer `shownAt`: ms since 1970.
 */

/**
 * @param {Buffer} secret
 * @returns {string} 8 hex digits.
 */
export const keyIdOf = (secret) => sha256(secret).subarray(0, KEY_ID).toString('hex');

/**
 * @param {Key} key
 * @param {{project: string, session: string}} holder For whom it is signed.
 * @param {Source & Partial<Explored> & {shownAt: number, items: string[]}} answer
 * @returns {string} base64url
 */
export function signAnswer(key, holder, { shownAt, items, explored = [], propensity, ...source }) {
  const { version, strategy, variant, node } = source;
  const texts = textsOf(version, strategy, variant, node);
  const places = explored.length ? 1 + PROPENSITY + explored.length : 1;
  const end = HEADER + texts.length + places + DIGEST * items.length;
  // One buffer: many small ones cost more than the MAC.
  const bytes = Buffer.allocUnsafe(end + MAC);
  bytes.writeUInt8(FORMAT, 0);
  bytes.write(key.id, 1, KEY_ID, 'hex');
  bytes.writeUIntBE(shownAt, 1 + KEY_ID, 6);
  let at = HEADER + texts.copy(bytes, HEADER);
  at = writeExploration(bytes, at, explored, propensity);
  for (const item of items) at += digestOf(item).copy(bytes, at);
  macOf(key.secret, holder, bytes.subarray(0, end)).copy(bytes, end);
  return bytes.toString('base64url');
}

/**
 * @param {string} token
 * @param {{project: string, session: string}} holder
 * @param {(id: string) => Key | undefined} keyOf
 * @returns {Answer | undefined} Nothing where it was not signed with one of our keys for this holder.
 */
export function readAnswer(token, holder, keyOf) {
  if (token.length > MOST) return undefined;
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length < HEADER + 5 + MAC || bytes[0] !== FORMAT) return undefined;
  const key = keyOf(keyIdIn(bytes));
  if (!key) return undefined;
  const payload = bytes.subarray(0, -MAC);
  const mac = bytes.subarray(-MAC);
  // A second spelling of the same bytes (padding, other characters) is none of ours.
  if (bytes.toString('base64url') !== token) return undefined;
  if (!timingSafeEqual(mac, macOf(key.secret, holder, payload))) return undefined;
  return { name: mac.subarray(0, NAME).toString('base64url'), ...decoded(payload) };
}

/**
 * @param {string} token
 * @returns {string} The id of the key that it says it was signed with; not proven.
 */
export const keyIdOfToken = (token) => keyIdIn(Buffer.from(token.slice(0, 16), 'base64url'));

/**
 * @param {Answer} answer
 * @param {string} item
 * @returns {number} Its 1-based position; 0 where the answer does not hold it.
 */
export function positionOf({ digests }, item) {
  const wanted = digestOf(item);
  for (let at = 0; at < digests.length; at += DIGEST) {
    if (wanted.equals(digests.subarray(at, at + DIGEST))) return at / DIGEST + 1;
  }
  return 0;
}

/**
 * @param {Answer} answer
 * @param {number | null} position 1-based.
 * @returns {number | null} How likely its item was to stand there, if the place was explored.
 */
export const propensityAt = ({ explored, propensity }, position) =>
  explored.includes(position) ? propensity : null;

/**
 * @param {Answer} answer
 * @returns {number} How many items it holds.
 */
export const countOf = ({ digests }) => digests.length / DIGEST;

/**
 * @param {Answer} answer
 * @param {number} position
 * @returns {string} base64url of the digests from the first item down to this position.
 */
export const shownDownTo = ({ digests }, position) =>
  digests.subarray(0, position * DIGEST).toString('base64url');

function decoded(payload) {
  const texts = [];
  let at = HEADER;
  for (let i = 0; i < 4; i++) {
    const end = at + 1 + payload[at];
    texts.push(payload.toString('utf8', at + 1, end));
    at = end;
  }
  const [version, strategy, variant, node] = texts;
  const shownAt = payload.readUIntBE(1 + KEY_ID, 6);
  const places = at + 1 + (payload[at] ? PROPENSITY : 0);
  const end = places + payload[at];
  const explored = [...payload.subarray(places, end)];
  const propensity = explored.length ? payload.readFloatBE(at + 1) : null;
  const digests = payload.subarray(end);
  return { version, strategy, variant, node, shownAt, explored, propensity, digests };
}

function writeExploration(bytes, at, explored, propensity) {
  bytes.writeUInt8(explored.length, at);
  if (!explored.length) return at + 1;
  bytes.writeFloatBE(propensity, at + 1);
  bytes.set(explored, at + 1 + PROPENSITY);
  return at + 1 + PROPENSITY + explored.length;
}

let lastTexts = { of: [], bytes: Buffer.alloc(0) }; // nearly every answer of a node has those of the one before

function textsOf(...texts) {
  if (texts.some((text, i) => text !== lastTexts.of[i])) {
    lastTexts = { of: texts, bytes: Buffer.concat(texts.flatMap(lengthAndText)) };
  }
  return lastTexts.bytes;
}

function lengthAndText(text) {
  const bytes = Buffer.from(text, 'utf8').subarray(0, 255);
  return [Buffer.from([bytes.length]), bytes];
}

function macOf(secret, { project, session }, payload) {
  return createHmac('sha256', secret)
    .update(`harperdb-recommender answer\0${project}\0${session}\0`)
    .update(payload)
    .digest()
    .subarray(0, MAC);
}

const keyIdIn = (bytes) => bytes.subarray(1, 1 + KEY_ID).toString('hex');
const sha256 = (content) => createHash('sha256').update(content).digest();

const MOST_DIGESTS = 50_000;
const digests = new Map(); // by item: the same few are shown again and again

function digestOf(item) {
  let digest = digests.get(item);
  if (!digest) {
    // A copy: a part of the hash would keep the whole of it.
    digest = Buffer.from(sha256(item).subarray(0, DIGEST));
    if (digests.size >= MOST_DIGESTS) digests.clear();
    digests.set(item, digest);
  }
  return digest;
}
