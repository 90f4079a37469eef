/**
 * Which model answers. A timer reads the pointer row; when it names another version, that one is loaded in the
 * background while the old one answers, and takes over between two requests. The candidate row names a version
 * to load and keep without answering from it, so that it is verified before the pointer moves; an experiment's row
 * names a challenger, which answers some sessions. A request uses what is loaded: it reads no row of `current` and
 * starts no load. See docs/tables.md and docs/experiments.md.
 */

import { noModel } from './errors.js';
import { createExperiment } from './experiments/experiment.js';
import { createFallback } from './fallback.js';
import { createFollower } from './follower.js';
import { createKeptModels } from './kept_models.js';
import { createLiveModel } from './live_model.js';
import { createLoading } from './loading.js';
import { modelState, whyNone } from './model_state.js';
import { createPointers } from './pointers.js';

/** How often the timer reads the rows, milliseconds. */
const INTERVAL = 100;

/**
 * @param {object} options
 * @param {ReturnType<import('./tables.js').createTables>} options.tables
 * @param {(version: string, previous?: Opened) => Promise<Opened>} options.open Loads and verifies a model.
 * @param {{info: Function, warn: Function, error: Function}} options.log
 * @param {() => number} [options.now] Monotonic milliseconds.
 *
 * @typedef {{version: string, ready?: Promise<unknown>, refresh?: () => void, dispose: () => void}} Opened
 *   `ready` is what a swap waits for besides the model itself; `refresh` is called by the timer.
 */
export function createModels({ tables, open, log, now = () => performance.now() }) {
  const parts = {
    pointers: createPointers({ tables, log }),
    live: createLiveModel({ log }),
    kept: createKeptModels(),
    loading: createLoading({ log, now }),
    fallback: createFallback({ tables, open, log }),
  };
  const follower = createFollower({ ...parts, open });
  const experiment = createExperiment({ ...parts, log });
  let timer;

  function demandModel() {
    if (parts.live.model) return;
    const { pointers, loading } = parts;
    throw noModel(whyNone(pointers, loading), loading.refusals.current.seconds());
  }

  return {
    experiment,

    /** Reads the rows now, and then at intervals. Call it once, outside any request. */
    start() {
      follower.check();
      timer = setInterval(follower.check, INTERVAL).unref();
    },

    /** Reads the rows and begins what they ask for, without waiting for a load; never rejects. */
    check: follower.check,

    /**
     * Runs `work` with the model that answers, which stays whole until the work is done.
     *
     * @template T
     * @param {(model: Opened, pointer: import('./pointers.js').Row | undefined) => T | Promise<T>} work
     * @returns {Promise<T>}
     * @throws {import('./errors.js').ServiceError} There is no model; says why.
     */
    async use(work) {
      await follower.firstModel();
      demandModel();
      return parts.live.held.use((model) => work(model, parts.pointers.current));
    },

    /**
     * The same for a session that is recorded: it may be assigned a variant of an experiment, and then the challenger
     * stays whole, too.
     *
     * @template T
     * @param {string | undefined} session
     * @param {(model: Opened, pointer: import('./pointers.js').Row | undefined, assigned?: Participation) => T |
     *   Promise<T>} work
     * @returns {Promise<T>}
     * @throws {import('./errors.js').ServiceError} There is no model; says why.
     *
     * @typedef {Omit<import('./experiments/experiment.js').Assigned, 'challenger'> & {challenger: Opened}} Participation
     */
    async useFor(session, work) {
      await follower.firstModel();
      demandModel();
      const { live, pointers } = parts;
      const assigned = session === undefined ? undefined : experiment.assign(session);
      if (!assigned) return live.held.use((model) => work(model, pointers.current));
      return live.held.use((model) =>
        assigned.challenger.use((challenger) =>
          work(model, pointers.current, { ...assigned, challenger }),
        ),
      );
    },

    /** @returns {import('./pointers.js').Row | undefined} What the row of `current` held when it was last read. */
    pointer: () => parts.pointers.current,

    /**
     * @returns {import('./experiments/defaults.js').Defaults | undefined} How the model that answers does so where a
     *   request does not say, if the pointer says it.
     */
    defaults() {
      const { current } = parts.pointers;
      return current?.version === parts.live.model?.version ? current?.defaults : undefined;
    },

    /** @returns {ReturnType<typeof modelState> & {experiment?: import('./experiments/experiment.js').Standing}} */
    state: () => ({ ...modelState(parts), experiment: experiment.state() }),

    /** Waits for a load under way and frees what is held. */
    async close() {
      clearInterval(timer);
      await follower.stop();
      parts.kept.keepOnly([]);
      parts.live.close();
    },
  };
}
