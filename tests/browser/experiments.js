/** An experiment as GET model shows it, for tests and pictures of the status page. */

import { otherModel } from './support.js';

const SIDES = {
  champion: { version: '656c2b769a2a9535', strategy: null, settings: {} },
  challenger: { version: '77ab0c1d2e3f4a5b', strategy: 'voters', settings: { diversity: 0.2 } },
};
const REASON =
  'The interval lies wholly below −2.0 points after 3,212 sessions: the challenger is worse beyond doubt.';

/** Looks whose interval narrows, as an always-valid one does. */
function looksOf(mode) {
  return Array.from({ length: 24 }, (_, i) => {
    const half = 0.12 / Math.sqrt(i + 1);
    const middle = 0.03 + 0.02 * Math.sin(i) * half * 10;
    const sessions =
      mode === 'split'
        ? { champion: 400 * i + 380, challenger: 100 * i + 97 }
        : { interleaved: 97 };
    return {
      at: new Date(Date.UTC(2026, 10, 24, 10 + i)).toISOString(),
      sessions,
      champion: mode === 'split' ? 0.214 : null,
      challenger: mode === 'split' ? 0.214 + middle : null,
      difference: i ? middle : null,
      low: i ? middle - half : null,
      high: i ? middle + half : null,
      verdict: i < 20 ? 'undecided' : 'better',
      note: i ? null : 'Too few sessions to say anything.',
    };
  });
}

/**
 * @param {'split' | 'interleave'} mode
 * @returns {{experiment: object, experiments: {running: object, ended: object[]}}} Attributes of GET model.
 */
export function experimentShown(mode) {
  const common = { id: '4f1c9a02', mode, share: 0.2, state: 'running', ...SIDES };
  const started = '2026-11-24T09:30:00.000Z';
  const running = { ...common, started, metric: 'success', margin: 0.02, looks: looksOf(mode) };
  const worse = { ...running.looks.at(-1), difference: -0.05, low: -0.08, high: -0.021 };
  const ended = { ...running, id: '00c0ffee', ended: started, looks: [worse] };
  return {
    experiment: {
      id: common.id,
      mode,
      share: 0.2,
      state: 'running',
      started,
      variants: SIDES,
    },
    experiments: {
      running,
      ended: [
        { ...ended, outcome: 'withdrawn', reason: REASON },
        { ...ended, id: '5eed5eed', outcome: 'discarded', reason: 'Stopped by ann.', looks: [] },
      ],
    },
  };
}

/**
 * Lets the page see a node on which an experiment runs.
 *
 * @param {import('playwright-core').Page} page
 * @param {'split' | 'interleave'} [mode]
 */
export const withExperiment = (page, mode = 'split') =>
  otherModel(page, (card) => ({ ...card, ...experimentShown(mode) }));
