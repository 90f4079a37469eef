/**
 * Does what the rows of `current` ask for: loads the current version, a fallback where that is refused and
 * nothing answers, the candidate, and an experiment's challenger, in this order and one at a time.
 */

import { ModelRefused } from './errors.js';
import { holdModel } from './held_model.js';

/**
 * @param {object} options
 * @param {ReturnType<import('./pointers.js').createPointers>} options.pointers
 * @param {ReturnType<import('./live_model.js').createLiveModel>} options.live
 * @param {ReturnType<import('./kept_models.js').createKeptModels>} options.kept
 * @param {ReturnType<import('./loading.js').createLoading>} options.loading
 * @param {ReturnType<import('./fallback.js').createFallback>} options.fallback
 * @param {(version: string, previous?: object) => Promise<object>} options.open
 */
export function createFollower({ pointers, live, kept, loading, fallback, open }) {
  const { refusals } = loading;
  const checks = createChecks(follow);

  async function follow() {
    if (await pointers.read()) {
      if (pointers.current) followCurrent(pointers.current);
      kept.keepOnly(pointers.besides);
      if (pointers.candidate) keep(pointers.candidate, 'candidate');
      if (pointers.experiment?.experiment) keep(pointers.experiment, 'challenger');
    }
    live.model?.refresh?.();
    kept.refresh();
  }

  function followCurrent(row) {
    if (names(row, live.model)) refusals.current.clear();
    else if (!row.problem && kept.get(row.version)) answerFrom(kept.take(row.version));
    else load(row, 'current', () => openReady(row, Boolean(live.model)));
    if (live.model || !refusals.current.of(row)) return;
    load(row, 'fallback', () => fallback.open(row, pointers.besides));
  }

  function keep(row, role) {
    if (names(row, live.model) || (!row.problem && kept.get(row.version))) return;
    load(row, role, () => openReady(row, true));
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
    const isFallback = role === 'fallback' && !live.model;
    if (names(pointers.current, model)) answerFrom(holdModel(model));
    else if (isFallback) answerFrom(holdModel(model), { isFallback });
    else if (!pointers.besides.includes(model.version) || !kept.keep(model)) model.dispose();
  }

  function answerFrom(held, { isFallback = false } = {}) {
    live.replace(held, { isFallback });
    if (!isFallback) refusals.current.clear();
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
