const FEWEST_STEPS = 3;

/**
 * @param {number} value 0..1
 * @returns {string} ".410", or a dash for what was not measured.
 */
export const figure = (value) =>
  Number.isFinite(value) ? value.toFixed(3).replace(/^0/, '') : '–';

/**
 * Marks for an axis from 0 that ends on a round number at or above the greatest value.
 *
 * @param {number} most Above 0.
 * @returns {number[]} At least four.
 */
export function marks(most) {
  const unit = 10 ** Math.floor(Math.log10(most / FEWEST_STEPS));
  const factor = [5, 2, 1].find((times) => times * unit * FEWEST_STEPS < most) ?? 1;
  const step = factor * unit;
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, i) => i * step);
}
