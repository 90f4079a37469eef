// The weights that a node takes for requested diversities, for tests/test_variety_scale.py.

import { readFileSync } from 'node:fs';
import { weightOf } from '../custom_functions/recommender/lib/diversity.js';

const cases = JSON.parse(readFileSync(0, 'utf8'));
const weights = cases.map(({ diversity, scale }) => weightOf(diversity, scale ?? undefined));
process.stdout.write(JSON.stringify(weights));
