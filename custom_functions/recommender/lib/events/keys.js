/**
 * The keys that sign answers, as this worker last read them. Signing never waits for the table.
 */

import { keyIdOf } from './answer_token.js';

const READ_AGAIN = 1000; // ms between two reads that an unknown key id may cause

/**
 * @param {object} options
 * @param {() => Promise<{id: string, secret: string, signs_from: number}[]>} options.read All rows.
 * @param {{warn: Function}} options.log
 * @param {() => number} [options.now] Milliseconds since 1970.
 */
export function createKeys({ read, log, now = Date.now }) {
  let keys = new Map();
  let reading;
  let lastRead = -Infinity;
  let troubled = false;

  async function refresh() {
    lastRead = performance.now();
    try {
      keys = new Map((await read()).flatMap(keyOf).map((key) => [key.id, key]));
      troubled = false;
    } catch (error) {
      // The keys that we have go on signing.
      if (!troubled) log.warn('the keys of answers cannot be read', error);
      troubled = true;
    }
  }

  const readOnce = () => (reading ??= refresh().finally(() => (reading = undefined)));

  return {
    /** Reads the rows; never rejects. Calls at the same time share one read. */
    refresh: readOnce,

    /**
     * @param {string} id
     * @returns {import('./answer_token.js').Key | undefined}
     */
    get: (id) => keys.get(id),

    /** Reads the rows if this key is unknown: it may have been made a moment ago. */
    async expect(id) {
      if (!keys.has(id) && performance.now() - lastRead >= READ_AGAIN) await readOnce();
    },

    /** @returns {import('./answer_token.js').Key | undefined} The latest whose time has come. */
    signing() {
      const time = now();
      let best;
      for (const key of keys.values()) {
        if (key.signsFrom <= time && !(best?.signsFrom >= key.signsFrom)) best = key;
      }
      // A clock that is behind finds no key whose time has come, and signs with the first.
      return best ?? [...keys.values()].sort((a, b) => a.signsFrom - b.signsFrom)[0];
    },
  };
}

function keyOf({ id, secret, signs_from: signsFrom }) {
  const bytes = Buffer.from(String(secret), 'base64url');
  const isWhole = bytes.length >= 32 && keyIdOf(bytes) === id && Number.isFinite(signsFrom);
  return isWhole ? [{ id, secret: bytes, signsFrom }] : [];
}
