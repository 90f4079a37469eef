/**
 * Which model answers. The pointer row names it; another one is loaded in the background while the old one
 * answers, and takes over between two requests. The old one's tensors go when its last request has ended.
 * The candidate row names one to load and keep without answering from it, so that it is proven before the
 * pointer moves. See docs/tables.md.
 */

import { ModelRefused, noModel } from './errors.js';
import { createRefusals } from './refusals.js';

/**
 * @param {object} options
 * @param {{pointer: () => Promise<Row | undefined>, candidate: () => Promise<Row | undefined>}} options.tables
 * @param {(version: string, previous?: object) => Promise<Opened>} options.open Loads and checks a model.
 * @param {{info: Function, warn: Function, error: Function}} options.log
 * @param {() => number} [options.now] Milliseconds.
 *
 * @typedef {{version: string, at?: string, by?: string}} Row
 * @typedef {{version: string, ready?: Promise<unknown>, dispose: () => void}} Opened `ready` is what a swap
 *   waits for beside the model itself.
 */
export function createModels({ tables, open, log, now = Date.now }) {
  let live; // {model, users, retired}
  let kept; // the candidate's model, proven
  let loading; // {version, promise}: one at a time
  let pointer;
  let candidate;
  let troubled = false; // the database does not answer
  const refusals = { current: createRefusals(now), candidate: createRefusals(now) };

  async function followPointer() {
    pointer = await tables.pointer();
    if (!pointer) return;
    if (pointer.version === live?.model.version) refusals.current.clear();
    else if (pointer.version === kept?.version) takeOver(kept);
    else tryToLoad(pointer, 'current');
  }

  async function followBoth() {
    // The candidate first: a deploy moves the pointer before it withdraws the candidate, so one that is gone
    // here has its pointer row there.
    const row = await tables.candidate();
    await followPointer();
    candidate = row;
    if (kept && kept.version !== row?.version) {
      kept.dispose();
      kept = undefined;
    }
    if (row && !isProven(row)) tryToLoad(row, 'candidate');
  }

  const isProven = ({ version }) => version === live?.model.version || version === kept?.version;

  function tryToLoad(row, role) {
    if (loading || !refusals[role].mayTry(row)) return;
    loading = {
      version: row.version,
      promise: load(row, role).finally(() => (loading = undefined)),
    };
  }

  async function load(row, role) {
    const began = now();
    try {
      const model = await open(row.version, live?.model);
      if (live || role === 'candidate') await model.ready;
      refusals[role].clear();
      await place(model, now() - began);
    } catch (error) {
      const { reason, retrying, wait } = refusals[role].note(row, error);
      const next = retrying ? `; next try in ${wait} ms` : '';
      // A refusal says it all itself; only what lies beneath it is worth a trace.
      const beneath = error instanceof ModelRefused ? error.cause : error;
      log.error(
        `model ${row.version} (${role}) refused: ${reason}${next}`,
        ...[beneath ?? []].flat(),
      );
    }
  }

  /** While it was being loaded the rows may have moved on. */
  async function place(model, milliseconds) {
    const asCandidate = await tables.candidate().catch(() => candidate);
    const asCurrent = await tables.pointer().catch(() => pointer);
    log.info(`model ${model.version} loaded and proven in ${milliseconds} ms`);
    if (asCurrent?.version === model.version) return takeOver(model);
    if (asCandidate?.version !== model.version || kept) return model.dispose();
    kept = model;
  }

  function takeOver(model) {
    const old = live;
    live = { model, users: 0, retired: false };
    if (kept === model) kept = undefined;
    if (old) retire(old);
    refusals.current.clear();
    log.info(`model ${model.version} answers`);
  }

  function retire(old) {
    old.retired = true;
    if (old.users === 0) old.model.dispose();
  }

  /** Counts the live model as used before anything else can run. */
  async function hold() {
    await answeringPointer();
    // A load that the pointer overtook, or a candidate's, may be followed by another.
    while (!live && pointer && loading) {
      await loading.promise;
      if (!live) await answeringPointer();
    }
    if (!live) throw noModel(whyNone(), refusals.current.seconds());
    live.users++;
    return live;
  }

  /** A database that does not answer is no reason to stop answering. */
  async function answeringPointer() {
    await guarded(followPointer);
    if (troubled && !live) throw noModel(whyNone());
  }

  // Looked at once a second and on each request: one line in the log for each time it goes away is enough.
  async function guarded(follow) {
    try {
      await follow();
      troubled = false;
    } catch (error) {
      if (!troubled) log.error('the rows of current cannot be read', error);
      troubled = true;
    }
  }

  function release(held) {
    held.users--;
    if (held.retired && held.users === 0) held.model.dispose();
  }

  function whyNone() {
    if (troubled) return 'The database does not answer.';
    if (!pointer) return 'No model has been deployed yet.';
    const refused = refusals.current.of(pointer);
    if (refused) return `Model ${refused.version} was refused: ${refused.reason}`;
    return `Model ${pointer.version} is being loaded.`;
  }

  function candidateState() {
    if (!candidate) return undefined;
    const { version } = candidate;
    if (isProven(candidate)) return { version, state: 'ready' };
    const refused = refusals.candidate.of(candidate);
    const state = refused && !refused.retrying ? 'refused' : 'loading';
    return { version, state, ...(refused && { reason: refused.reason }) };
  }

  return {
    /**
     * Runs `work` with the current model, which stays whole until the work is done.
     *
     * @template T
     * @param {(model: Opened, pointer: Row | undefined) => T | Promise<T>} work
     * @returns {Promise<T>}
     * @throws {import('./errors.js').ServiceError} There is no model; says why.
     */
    async use(work) {
      const held = await hold();
      try {
        return await work(held.model, pointer);
      } finally {
        release(held);
      }
    },

    /** Looks at both rows and starts what they ask for, without waiting for it; never rejects. */
    async look() {
      await guarded(followBoth);
    },

    /** @returns {{model?: Opened, loading?: string, refused?: object, candidate?: object, why?: string}} */
    state() {
      return {
        model: live?.model,
        loading: loading?.version,
        refused: refusals.current.of(pointer),
        candidate: candidateState(),
        why: live ? undefined : whyNone(),
      };
    },

    /** Waits for a load under way and frees what is held. */
    async close() {
      await loading?.promise;
      kept?.dispose();
      if (live) retire(live);
      live = kept = undefined;
    },
  };
}
