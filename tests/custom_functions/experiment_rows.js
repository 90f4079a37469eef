/** Rows of experiments, as the trainer writes them, for tests. */

/** What every row holds besides. */
export const SALT = '895747542690d408428ed48b7fdbda3b';
export const ID = '4f1c9a02';
export const AT = '2026-11-24T10:00:00.000Z';

/**
 * @param {string} champion Version.
 * @param {string} challenger Version.
 * @param {object} [more] Of the experiment; `strategy` and `settings` are the challenger's, `at` is the row's.
 * @returns {object} The row `experiment` of `current`.
 */
export function experimentRow(champion, challenger, more = {}) {
  const { strategy = null, settings = {}, at = AT, ...others } = more;
  return {
    id: 'experiment',
    version: challenger,
    at,
    by: 'ann',
    forced: null,
    history: null,
    defaults: null,
    rounds: null,
    experiments: null,
    experiment: {
      format: 1,
      id: ID,
      state: 'running',
      mode: 'split',
      share: 0.5,
      salt: SALT,
      champion: { version: champion, strategy: null, settings: {} },
      challenger: { version: challenger, strategy, settings },
      started: AT,
      ...others,
    },
  };
}
