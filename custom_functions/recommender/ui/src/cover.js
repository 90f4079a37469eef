import { hash } from './hash.js';

// Each: a background and two inks, for both light and dark pages.
const INKS = [
  ['#e4412b', '#f6e8d5', '#17181c'],
  ['#1d3fbb', '#f4c53d', '#f3f1ec'],
  ['#0f6b55', '#f2b8a0', '#f5f2e8'],
  ['#f2b632', '#17181c', '#d8402a'],
  ['#17181c', '#e9e4d8', '#ff6a3d'],
  ['#6b3fa0', '#f6d04d', '#f5eef8'],
  ['#e9e4d8', '#1d3fbb', '#e4412b'],
  ['#f39bb0', '#8d1f3f', '#fff3ec'],
  ['#7fb7be', '#12343b', '#fbf3dc'],
  ['#8d1f3f', '#f4a261', '#fbeee0'],
  ['#c9d8b6', '#244634', '#e4572e'],
  ['#0b2d4f', '#5fb0e5', '#f4efe4'],
];

const rect = (x, y, width, height, fill) => ({ is: 'rect', at: { x, y, width, height, fill } });
const disc = (cx, cy, r, fill) => ({ is: 'circle', at: { cx, cy, r, fill } });
const path = (d, fill) => ({ is: 'path', at: { d, fill } });
const steps = (count, draw) => Array.from({ length: count }, (_, step) => draw(step));

// Each draws on an 8 × 8 square; `n` selects a variant of the motif.
const MOTIFS = [
  ([, a, b], n) => [disc(4, 4, 3, a), disc(3 + (n % 3), 4, 1.5, b)],
  ([ground, a, b]) => [disc(4, 8, 7, a), disc(4, 8, 5, ground), disc(4, 8, 3, b)],
  ([, a, b], n) => [
    ...steps(4, (i) => rect(i * 2, 0, 1, 8, a)),
    rect(0, 2 + (n % 4), 8, 1 + (n % 2), b),
  ],
  ([, a, b]) => [path('M0 0h8L0 8z', a), path('M8 8V3L3 8z', b)],
  ([, a, b], n) =>
    steps(16, (i) => disc(1 + (i % 4) * 2, 1 + (i >> 2) * 2, 0.7, i === n % 16 ? b : a)),
  ([, a, b]) => [path('M0 4a4 4 0 0 1 8 0z', a), path('M0 4a4 4 0 0 0 8 0z', b)],
  ([, a, b]) => [path('M0 0a8 8 0 0 1 8 8H0z', a), path('M0 4a4 4 0 0 1 4 4H0z', b)],
  ([, a, b], n) => [rect(0, 0, 8, 3 + (n % 3), a), disc(5.5, 3 + (n % 3), 1.8, b)],
  ([, a, b]) => [path('M4 0l4 4-4 4-4-4z', a), path('M4 2l2 2-2 2-2-2z', b)],
  ([, a, b], n) => steps(5, (i) => rect(0, i * 1.7, 3 + ((n >> i) % 5), 0.9, i % 2 ? b : a)),
  ([, a, b]) => [path('M0 8l4-8 4 8z', a), disc(4, 5.4, 1.3, b)],
  ([, a, b]) => [
    path('M0 0h4a4 4 0 0 1 0 8H0z', a),
    path('M0 2h4a2 2 0 0 1 0 4H0z', b),
    rect(0, 0, 1, 8, b),
  ],
];

/**
 * Draws the cover of an item, always the same one. All items of a creator share a set of inks, so that a list by
 * one creator has one colour, and a varied list many.
 *
 * @param {string} creator
 * @param {string} id
 * @returns {{ground: string, turn: number, shapes: Array<{is: string, at: object}>}}
 *   Shapes on an 8 × 8 square, rotated by `turn` degrees.
 */
export function coverOf(creator, id) {
  const draw = hash(`${id}\u0000${creator}`);
  const inks = INKS[hash(creator || id) % INKS.length];
  const shapes = MOTIFS[draw % MOTIFS.length](inks, (draw >>> 8) & 0xffff);
  return { ground: inks[0], turn: ((draw >>> 24) % 4) * 90, shapes };
}
