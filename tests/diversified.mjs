// Re-ranks the cases on standard input as a node would, for tests/test_variety.py.

import { readFileSync } from 'node:fs';
import { diversify } from '../custom_functions/recommender/lib/diversity.js';

const cases = JSON.parse(readFileSync(0, 'utf8'));
const answers = cases.map(({ items, scores, vectors, creators, diversity, limit }) => {
  const picks = items.map((index, place) => ({
    index,
    score: scores[place],
    vector: vectors && Float32Array.from(vectors[place]),
  }));
  const creatorOf = (index) => creators[index];
  return diversify(picks, { diversity, limit, creatorOf }).map(({ index }) => index);
});
process.stdout.write(JSON.stringify(answers));
