import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBundle } from '../../custom_functions/recommender/lib/bundle.js';
import { ModelRefused } from '../../custom_functions/recommender/lib/errors.js';
import { FakeBlob, fakeDatabase, push } from './fake_harper.js';
import { toyBundle } from './toy_bundle.js';

const bundle = toyBundle();
const { version } = bundle.manifest;
const record = (overrides) => push(fakeDatabase(), bundle, overrides);
const text = (change) => JSON.stringify({ ...bundle.manifest, ...change });
const flipped = (bytes) => Buffer.from(bytes.map((byte, i) => (i === 5 ? byte ^ 1 : byte)));

async function refusal(row) {
  const error = await readBundle(row, version, { patience: 20 }).catch((caught) => caught);
  assert.ok(error instanceof ModelRefused, `${error}`);
  return error;
}

test('a whole record is read', async () => {
  const { manifest, ids, weights, probes } = await readBundle(record(), version);
  assert.equal(manifest.version, version);
  assert.deepEqual(ids, bundle.ids);
  assert.equal(
    weights.byteLength,
    bundle.files['shard1.bin'].length + bundle.files['shard2.bin'].length,
  );
  assert.equal(probes.length, 6);
});

for (const [what, row] of [
  ['no record', undefined],
  ['no manifest', record({ manifest: undefined })],
  ['no weights', record({ weights: null })],
  ['no probes', record({ probes: undefined })],
  ['weights cut short', record({ weights: new FakeBlob(bundle.files['shard1.bin']) })],
  ['a dictionary cut short', record({ item_ids: new FakeBlob(Buffer.from('["song')) })],
  [
    'a blob that fails',
    record({ weights: { arrayBuffer() {}, bytes: () => Promise.reject(new Error('disk')) } }),
  ],
  [
    'a blob without an end',
    record({ weights: { arrayBuffer() {}, bytes: () => new Promise(() => {}) } }),
  ],
]) {
  test(`${what} may mend itself`, async () => assert.equal((await refusal(row)).temporary, true));
}

for (const [what, row, reason] of [
  ['a later format', record({ manifest: text({ format: 2 }) }), /format 2/],
  ['no format', record({ manifest: text({ format: undefined }) }), /format/],
  ['a manifest that is no JSON', record({ manifest: '{' }), /manifest.json/],
  ['a manifest that is null', record({ manifest: 'null' }), /format/],
  ['another version’s manifest', record({ manifest: text({ version: 'other' }) }), /version other/],
  ['no strategies', record({ manifest: text({ strategies: [] }) }), /strategies/],
  [
    'a default that is no strategy',
    record({ manifest: text({ default_strategy: 'x' }) }),
    /default/,
  ],
  ['no fields', record({ manifest: text({ fields: [{}] }) }), /fields/],
  ['no sizes', record({ manifest: text({ sizes: {} }) }), /sizes/],
  ['files without one', record({ manifest: text({ files: {} }) }), /model.json/],
  ['files that inherit', record({ manifest: text({ files: [] }) }), /model.json/],
  [
    'another count of items',
    record({ manifest: text({ sizes: { ...bundle.manifest.sizes, items: 3 } }) }),
    /length/,
  ],
  [
    'a corrupt graph',
    record({ topology: new FakeBlob(flipped(bundle.files['model.json'])) }),
    /model.json.*SHA-256/,
  ],
  [
    'corrupt weights',
    record({
      weights: new FakeBlob(
        flipped(Buffer.concat([bundle.files['shard1.bin'], bundle.files['shard2.bin']])),
      ),
    }),
    /shard1.bin.*SHA-256/,
  ],
  [
    'corrupt probes',
    record({ probes: new FakeBlob(flipped(bundle.files['probes.json'])) }),
    /probes.json/,
  ],
]) {
  test(`${what} is refused for good, with the reason`, async () => {
    const error = await refusal(row);
    assert.equal(error.temporary, false);
    assert.match(error.message, reason);
  });
}

test('editions are read where the manifest names them', async () => {
  const works = toyBundle({ editions: { 'other-3': 3, '0000000003': 3 } });
  const row = push(fakeDatabase(), works);
  const read = await readBundle(row, works.manifest.version);
  assert.deepEqual(read.editions, { 'other-3': 3, '0000000003': 3 });
  assert.deepEqual((await readBundle(record(), version)).editions, {});
  const late = readBundle({ ...row, editions: undefined }, works.manifest.version);
  await assert.rejects(late, { name: 'ModelRefused', temporary: true, message: /editions/ });
});

test('an edition of no item is refused', async () => {
  for (const editions of [{ a: 40 }, { a: -1 }, { a: 0.5 }, { a: '1' }, ['a'], 'a']) {
    const odd = toyBundle({ editions });
    const reading = readBundle(push(fakeDatabase(), odd), odd.manifest.version);
    await assert.rejects(reading, { name: 'ModelRefused', message: /editions.json/ });
  }
});

test('an id that is a number is refused', async () => {
  const odd = toyBundle({ ids: ['a', 7] });
  const reading = readBundle(push(fakeDatabase(), odd), odd.manifest.version);
  await assert.rejects(reading, { name: 'ModelRefused', message: /item_ids.json/ });
});

test('no probes at all prove nothing', async () => {
  const odd = toyBundle({ probes: [] });
  await assert.rejects(readBundle(push(fakeDatabase(), odd), odd.manifest.version), /no probes/);
});
