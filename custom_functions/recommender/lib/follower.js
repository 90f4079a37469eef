/**
 * Does what the rows of `current` ask for: loads the current version, a fallback where that is refused and
 * nothing answers, and the candidate, in this order and one at a time.
 */

import { ModelRefused } from './errors.js';

/**
 * @param {object} options
 * @param {ReturnType<import('./pointers.js').createPointers>} options.pointers
 * @param {ReturnType<import('./live_model.js').createLiveModel>} options.live
 * @param {ReturnType<import('./candidate.js').createCandidate>} options.candidate
 * @param {ReturnType<import('./loading.js').createLoading>} options.loading
 * @param {ReturnType<import('./fallback.js').createFallback>} options.fallback
 * @param {(version: string, previous?: object) => Promise<object>} options.open
 * @param {{info: Function}} options.log
 */
export function createFollower({ pointers, live, candidate, loading, fallback, open, log }) {
  const { refusals } = loading;
  const checks = createChecks(follow);

  async function follow() {
    if (await pointers.read()) {
      if (pointers.current) followCurrent(pointers.current);
      candidate.keepOnly(pointers.candidate?.version);
      if (pointers.candidate) followCandidate(pointers.candidate);
    }
    live.model?.refresh?.();
  }

  function followCurrent(row) {
    if (names(row, live.model)) refusals.current.clear();
    else if (names(row, candidate.model)) answerFrom(candidate.take());
    else load(row, 'current', () => openReady(row, Boolean(live.model)));
    if (live.model || !refusals.current.of(row)) return;
    load(row, 'fallback', () => fallback.open(row, pointers.candidate));
  }

  function followCandidate(row) {
    if (names(row, live.model) || names(row, candidate.model)) return;
    load(row, 'candidate', () => openReady(row, true));
  }

  function load(row, role, openIt) {
    // Where no current model answers, even a lasting refusal is tried again: a repair may come in place.
    const keepTrying = () => role === 'current' && (!live.model || live.isFallback);
    const placeIt = (model) => place(model, role);
    loading.start(row, role, { open: openIt, place: placeIt, keepTrying, done: checks.again });
  }

  async function openReady({ version, problem }, waits) {
    if (problem) throw new ModelRefused(problem);
    const model = await open(version, live.model);
    if (waits) await model.ready;
    return model;
  }

  /** While it was being loaded the rows may have changed. */
  async function place(model, role) {
    await pointers.read();
    if (names(pointers.current, model)) answerFrom(model);
    else if (role === 'fallback' && !live.model) answerFrom(model, { isFallback: true });
    else if (!names(pointers.candidate, model) || !candidate.keep(model)) model.dispose();
  }

  function answerFrom(model, { isFallback = false } = {}) {
    live.replace(model, { isFallback });
    if (!isFallback) refusals.current.clear();
    log.info(`model ${model.version} answers${isFallback ? ' in place of the current one' : ''}`);
  }

  return {
    /** Reads the rows and begins what they ask for, without waiting for a load; never rejects. */
    check: checks.start,

    /** Waits while the first model may still come. */
    async firstModel() {
      while (!live.model && (checks.underWay || (pointers.current && loading.underWay))) {
        await (checks.underWay ?? loading.underWay.promise);
      }
    },

    /** Begins nothing more, and waits for what is under way. */
    async stop() {
      await checks.stop();
      await loading.underWay?.promise;
    },
  };
}

/** One check at a time; a call during a check joins it. */
function createChecks(follow) {
  let underWay;
  let wanted = false;
  let stopped = false;

  function start() {
    if (!stopped) underWay ??= follow().finally(ended);
    return underWay;
  }

  function ended() {
    underWay = undefined;
    if (!wanted) return;
    wanted = false;
    start();
  }

  return {
    /** @returns {Promise<void> | undefined} */
    get underWay() {
      return underWay;
    },

    start,

    /** After a load: what to do next depends on how it ended, and a check under way may have passed that point. */
    again() {
      wanted = Boolean(underWay);
      start();
    },

    async stop() {
      stopped = true;
      await underWay;
    },
  };
}

const names = (row, model) =>
  Boolean(row && model) && !row.problem && row.version === model.version;
