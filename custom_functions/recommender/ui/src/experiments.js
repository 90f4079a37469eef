import { marks } from './figures.js';
import { number } from './wording.js';

const HALF = 50; // %, where the zero line stands
const SETTINGS = ['diversity', 'novelty'];
const SEEN = { split: 'challenger', interleave: 'interleaved' };

/** @param {number | null} share 0..1 @returns {string} "10 %", or a dash for what is not known. */
export const percent = (share) =>
  Number.isFinite(share) ? `${Number((100 * share).toFixed(1))} %` : '–';

/** @param {number | null} value 0..1 @returns {string} "24.0 %", for figures that stand in a column. */
export const rate = (value) => (Number.isFinite(value) ? `${(100 * value).toFixed(1)} %` : '–');

/**
 * @param {number | null} value
 * @param {'split' | 'interleave'} mode
 * @returns {string} "+3.0 points" for the difference of two rates, "+0.030" for a preference from -1 to 1.
 */
export function difference(value, mode) {
  if (!Number.isFinite(value)) return '–';
  const size = mode === 'split' ? Math.abs(100 * value).toFixed(1) : Math.abs(value).toFixed(3);
  const sign = Number(size) === 0 ? '' : value > 0 ? '+' : '−';
  return `${sign}${size}${mode === 'split' ? ' points' : ''}`;
}

/**
 * @param {{low: number | null, high: number | null}} look
 * @param {'split' | 'interleave'} mode
 * @returns {string} "−1.0 to +7.0 points"
 */
export function interval({ low, high }, mode) {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return '–';
  return `${difference(low, mode).replace(' points', '')} to ${difference(high, mode)}`;
}

/**
 * @param {{mode: 'split' | 'interleave', share: number}} experiment
 * @returns {{variant: string, share: number}[]} Who sees what, the champion first.
 */
export const sharesOf = ({ mode, share }) => [
  { variant: 'champion', share: 1 - share },
  { variant: SEEN[mode] ?? 'challenger', share },
];

/**
 * @param {{version: string, strategy: string | null, settings: Record<string, number>}} side
 * @returns {string} "77ab, strategy voters, diversity 0.2"
 */
export function sideWords({ version, strategy, settings }) {
  const set = SETTINGS.filter((name) => settings?.[name] !== undefined);
  return [
    version ?? '–',
    ...(strategy ? [`strategy ${strategy}`] : []),
    ...set.map((name) => `${name} ${settings[name]}`),
  ].join(', ');
}

/** @param {Record<string, number>} sessions By variant. @returns {string} "900 champion, 100 challenger" */
export const sessionWords = (sessions) =>
  Object.entries(sessions ?? {})
    .map(([variant, count]) => `${number(count)} ${variant}`)
    .join(', ') || '–';

/**
 * The places of a chart of differences, in % of its width and height. Early intervals are wide: the axis fits the
 * later half of the looks, and what is beyond it is cut off.
 *
 * @param {{difference: number | null, low: number | null, high: number | null}[]} looks The oldest first.
 * @param {number | null} margin How much worse is not worse.
 * @returns {{ticks: {value: number, y: number}[], margin: number | null, points: {key: number, x: number, y: number,
 *   low: number, high: number}[]}} `margin` is the place of its line.
 */
export function chartOf(looks, margin) {
  const known = looks.filter((look) =>
    [look.difference, look.low, look.high].every((value) => Number.isFinite(value)),
  );
  const late = known.slice(Math.floor(known.length / 2));
  const reach = late.flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)]);
  const top = marks(Math.max(1e-4, 1.5 * (margin ?? 0), ...reach)).at(-1);
  const y = (value) => HALF - (HALF * value) / top;
  return {
    ticks: [1, 0.5, 0, -0.5, -1].map((part) => ({ value: part * top, y: y(part * top) })),
    margin: Number.isFinite(margin) && margin > 0 ? y(-margin) : null,
    points: known.map((look, i) => ({
      key: i,
      x: (100 * (i + 0.5)) / known.length,
      y: y(look.difference),
      low: y(look.low),
      high: y(look.high),
    })),
  };
}
