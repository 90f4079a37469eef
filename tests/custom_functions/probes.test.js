import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { difference, replayProbes } from '../../custom_functions/recommender/lib/probes.js';
import { toyModel } from './toy_model.js';

const cases = JSON.parse(readFileSync(new URL('../cases/probes.json', import.meta.url)));
const KINDS = {
  count: /^\d+ answers instead of \d+$/,
  twice: /^an item is answered twice$/,
  score: /^score \S+ instead of \S+ in place \d+$/,
  item: /^item \S+ instead of \S+ in place \d+$/,
};

for (const { what, expected, got, difference: kind } of cases) {
  test(`${what}: ${kind ?? 'no'} difference`, () => {
    const found = difference(got, expected);
    if (kind) assert.match(found, KINDS[kind]);
    else assert.equal(found, undefined);
  });
}

test('nonsense among the probes is refused and never thrown at', async () => {
  const { model, bundle } = await toyModel();
  const good = JSON.parse(bundle.files['probes.json']).probes[0];
  for (const odd of [
    null,
    7,
    {},
    { ...good, strategy: 'none' },
    { ...good, favourites: ['nobody'] },
    { ...good, items: 'song-1' },
    { ...good, scores: [] },
  ]) {
    await assert.rejects(replayProbes(model, [good, odd]), {
      name: 'ModelRefused',
      message: /probe 2 of 2/,
    });
  }
  await replayProbes(model, [good]);
  model.dispose();
});

test('a strategy that answers more than the probe holds is refused', async () => {
  const { model, bundle } = await toyModel();
  const probe = JSON.parse(bundle.files['probes.json']).probes.find(
    ({ strategy }) => strategy === 'plain',
  );
  const shorter = { ...probe, items: probe.items.slice(1), scores: probe.scores.slice(1) };
  await replayProbes(model, [probe]);
  await assert.rejects(replayProbes(model, [shorter]), /\d answers instead of \d/);
  model.dispose();
});
