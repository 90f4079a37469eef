/**
 * Bundles as Python exports them, one a domain; `python -m tests.make_bundles` makes them. RECOMMENDER_BUNDLES
 * names another folder.
 */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createLoader } from '../../custom_functions/recommender/lib/loader.js';
import { backendFigures } from '../../custom_functions/recommender/lib/graph.js';
import { difference } from '../../custom_functions/recommender/lib/probes.js';
import { rank, recommend } from '../../custom_functions/recommender/lib/recommend.js';
import { createTables } from '../../custom_functions/recommender/lib/tables.js';
import { fakeDatabase, push } from './fake_harper.js';
import { assertSameAnswers } from './same_answers.js';
import { WASM_FOLDER, keepingLog } from './toy_model.js';

const folder =
  process.env.RECOMMENDER_BUNDLES ??
  fileURLToPath(new URL('../../artifacts/test/bundles', import.meta.url));

async function readFolder(path) {
  const names = (await readdir(path)).filter((name) => name !== 'stage.json');
  const pairs = await Promise.all(
    names.map(async (name) => [name, await readFile(join(path, name))]),
  );
  const files = Object.fromEntries(pairs);
  const lines = files['items.jsonl'].toString().split('\n').filter(Boolean);
  return {
    files,
    manifest: JSON.parse(files['manifest.json']),
    rows: lines.map((line) => JSON.parse(line)),
  };
}

const tableOf = ({ manifest }) => manifest.strategies.find(({ table }) => table)?.table ?? {};

const domains = existsSync(folder) ? (await readdir(folder)).sort() : [];

test('there are bundles to test with', () => {
  assert.ok(
    domains.length,
    `no bundles in ${folder}: run \`python -m tests.make_bundles\`, or name a folder by RECOMMENDER_BUNDLES`,
  );
});

const otherBundles = process.env.RECOMMENDER_BUNDLES && 'other bundles than those of the tests';

test('there are tables with and without each blend', { skip: otherBundles }, async () => {
  const bundles = await Promise.all(domains.map((domain) => readFolder(join(folder, domain))));
  const found = bundles.map(tableOf).map(({ blend, new_blend: ofNew }) => [blend > 0, ofNew > 0]);
  for (const kind of [
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ]) {
    assert.ok(
      found.some((one) => one.join() === kind.join()),
      kind.join(),
    );
  }
});

for (const domain of domains) {
  describe(`${domain}: the bundle Python exported`, () => {
    let bundle;
    let opened;
    const tensors = backendFigures().tensors;

    before(async () => {
      bundle = await readFolder(join(folder, domain));
      const database = fakeDatabase();
      push(database, bundle, { manifest: bundle.files['manifest.json'].toString() });
      const tables = createTables(database);
      const open = createLoader({ tables, wasmFolder: WASM_FOLDER, log: keepingLog() });
      opened = await open(bundle.manifest.version);
    });
    after(() => {
      opened?.dispose();
      assert.equal(backendFigures().tensors, tensors);
    });

    test('opens: sizes, hashes, outputs and probes agree', () => {
      assert.equal(opened.model.size, bundle.manifest.sizes.items);
    });

    test('its probes are answered by the public request too', () => {
      for (const { strategy, favourites, items, scores } of JSON.parse(bundle.files['probes.json'])
        .probes) {
        const request = {
          favourites,
          exclude: [],
          limit: 10,
          strategy,
          explain: false,
          diversity: 0,
        };
        const { recommendations } = recommend(opened.model, request);
        assert.equal(difference(recommendations, { items, scores }), undefined);
      }
    });

    test('it answers as Python does: the same items, scores within 1e-3', () => {
      const answers = JSON.parse(bundle.files['answers.json']);
      assert.ok(answers.length >= 200);
      for (const { strategy, favourites, items, scores } of answers) {
        const limit = Math.max(items.length, 20);
        const request = { favourites, exclude: [], limit, strategy, explain: false, diversity: 0 };
        const { recommendations } = recommend(opened.model, request);
        assert.equal(
          difference(recommendations, { items, scores }),
          undefined,
          favourites.join(' '),
        );
      }
    });

    test('where a strategy has a table, its graph answers as Python does, too', () => {
      const { model } = opened;
      const answers = JSON.parse(bundle.files['answers.json']);
      for (const { strategy, favourites, items, scores } of answers) {
        if (!model.hasTable(strategy)) continue;
        const indices = favourites.map((id) => model.indexOf(id));
        const limit = Math.max(items.length, 20);
        const { picks } = rank(model, { strategy, favourites: indices, limit, fromGraph: true });
        const got = picks.map(({ index, score }) => ({ id: model.idOf(index), score }));
        assert.equal(difference(got, { items, scores }), undefined, favourites.join(' '));
      }
    });

    test('the strategy items has a table, and answers from it as from the graph', () => {
      assert.ok(opened.model.hasTable('items'));
      const { tensors: before } = backendFigures();
      assertSameAnswers(opened.model, 'items');
      assert.equal(backendFigures().tensors, before);
    });

    test('every item has a row, and its first word finds it', async () => {
      const catalogue = await opened.catalogue.get();
      assert.equal(catalogue.missing, 0);
      for (const row of bundle.rows.slice(0, 200)) {
        const title = String(row[bundle.manifest.fields[0].name] ?? '').trim();
        if (!title) continue;
        const index = opened.model.indexOf(row.id);
        assert.ok(catalogue.find(title, opened.model.size).includes(index), title);
      }
    });

    test('for every strategy and 1 to 10 favourites, answers are distinct, in order and no favourites', async () => {
      const catalogue = await opened.catalogue.get();
      const creatorOf = (index) => catalogue.creatorOf(index);
      const ids = bundle.rows.map(({ id }) => id);
      for (const strategy of opened.model.strategies) {
        for (let count = 1; count <= Math.min(10, bundle.manifest.sizes.favourites); count++) {
          const favourites = Array.from(
            { length: count },
            (_, i) => ids[(i * 17 + count) % ids.length],
          );
          const ask = (more) =>
            recommend(
              opened.model,
              {
                favourites,
                exclude: [ids[0]],
                limit: 100,
                strategy,
                explain: true,
                diversity: 0,
                ...more,
              },
              creatorOf,
            ).recommendations;
          const plain = ask({});
          const varied = ask({ diversity: 0.5 });
          for (const answer of [plain, varied]) {
            assert.equal(new Set(answer.map(({ id }) => id)).size, answer.length);
            assert.ok(answer.every(({ id }) => ![...favourites, ids[0]].includes(id)));
            for (const { because } of answer) {
              const total = because.reduce((sum, { share }) => sum + share, 0);
              assert.ok(because.length === 0 || Math.abs(total - 1) < 0.01);
            }
          }
          plain.reduce(
            (last, { score }) => (assert.ok(score <= last && Number.isFinite(score)), score),
            Infinity,
          );
        }
      }
    });
  });
}
