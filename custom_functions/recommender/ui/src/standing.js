import { figure } from './figures.js';

/**
 * How the default compares with another method on the same people.
 *
 * @param {object} row The other method's, as the manifest has it; `ndcg@20_minus` is the default's NDCG@20 less
 *   this method's, with its 95 % interval.
 * @param {string} metric
 * @returns {'ahead'|'behind'|'same'|'unknown'} `same`: the interval contains 0, so that chance explains the
 *   difference; `unknown`: there is no interval.
 */
export function standing(row, metric) {
  const difference = row[`${metric}_minus`];
  if (!Number.isFinite(difference?.low) || !Number.isFinite(difference.high)) return 'unknown';
  if (difference.low > 0) return 'ahead';
  return difference.high < 0 ? 'behind' : 'same';
}

/**
 * @param {object} row
 * @param {string} metric
 * @returns {string} ".019 to .042", or "no measurable difference", or a dash where nothing was measured.
 */
export function leadOf(row, metric) {
  const is = standing(row, metric);
  if (is === 'unknown') return '–';
  if (is === 'same') return 'no measurable difference';
  const { low, high } = row[`${metric}_minus`];
  return `${signed(low)} to ${signed(high)}`;
}

/** @returns {string} The size of the difference, ".019 to .042". */
export function sizeOf(row, metric) {
  const { low, high } = row[`${metric}_minus`];
  const [least, most] = [Math.abs(low), Math.abs(high)].sort((a, b) => a - b);
  return `${figure(least)} to ${figure(most)}`;
}

const signed = (value) => `${value < 0 ? '−' : '+'}${figure(Math.abs(value))}`;
