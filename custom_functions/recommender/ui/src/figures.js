const MOST_STEPS = 6;

/**
 * @param {number} value 0..1
 * @returns {string} ".410", or a dash for what was not measured.
 */
export const figure = (value) =>
  Number.isFinite(value) ? value.toFixed(3).replace(/^0/, '') : '–';

/**
 * Tick marks of an axis from 0 to a round number at or above the greatest value.
 *
 * @param {number} most Above 0.
 * @returns {number[]} Four to seven.
 */
export function marks(most) {
  const unit = 10 ** Math.floor(Math.log10(most / MOST_STEPS));
  const step = unit * [1, 2, 5, 10].find((times) => most <= times * unit * MOST_STEPS);
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, i) => i * step);
}
