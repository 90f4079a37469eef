import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { ModelRefused } from '../../custom_functions/recommender/lib/errors.js';
import { createModels } from '../../custom_functions/recommender/lib/models.js';
import { createTables } from '../../custom_functions/recommender/lib/tables.js';
import { experimentRow } from './experiment_rows.js';
import { fakeDatabase, point } from './fake_harper.js';
import { keepingLog, settle } from './toy_model.js';

let database;
let opened;
let now;
let models;
let behave;

/** Something that opens like a model; how, `behave` says by version. */
async function open(version) {
  opened.push(version);
  await behave[version]?.();
  return {
    version,
    ready: Promise.resolve(),
    disposed: 0,
    dispose() {
      this.disposed++;
    },
  };
}

beforeEach(() => {
  database = fakeDatabase();
  opened = [];
  behave = {};
  now = 0;
  models = createModels({
    tables: createTables(database),
    open,
    log: keepingLog(),
    now: () => now,
  });
});

const use = (work) => models.use(work);
/** What answers once the timer has read the rows. */
const version = async () => {
  await models.check();
  return use((model) => model.version);
};
const gate = () => {
  let release;
  const closed = new Promise((resolve) => (release = resolve));
  return { wait: () => closed, release };
};

test('without a pointer there is no model, and it says so', async () => {
  await assert.rejects(version(), { statusCode: 503, message: /deployed yet/ });
  assert.equal(models.state().why, 'No model has been deployed yet.');
});

test('a request reads no row and begins no load: that is the timer’s', async () => {
  point(database, 'v1');
  await assert.rejects(
    use(() => {}),
    { statusCode: 503 },
  );
  assert.deepEqual([database.current.gets, opened], [0, []]);
  await models.check();
  assert.equal(await use((model) => model.version), 'v1');
  const { gets } = database.current;
  point(database, 'v2');
  for (let i = 0; i < 100; i++) assert.equal(await use((model) => model.version), 'v1');
  assert.deepEqual([database.current.gets, opened], [gets, ['v1']]);
});

test('the timer reads the rows by itself', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  models.start();
  await settle();
  point(database, 'v1');
  t.mock.timers.tick(100);
  assert.equal(await use((model) => model.version), 'v1');
  await models.close();
  point(database, 'v2');
  t.mock.timers.tick(1000);
  await settle();
  assert.deepEqual(opened, ['v1']);
});

test('a hundred first requests load once', async () => {
  point(database, 'v1');
  const answers = await Promise.all(Array.from({ length: 100 }, version));
  assert.ok(answers.every((one) => one === 'v1'));
  assert.deepEqual(opened, ['v1']);
});

test('the old one answers while the new one loads, then the new one does', async () => {
  const slow = gate();
  behave.v2 = slow.wait;
  point(database, 'v1');
  assert.equal(await version(), 'v1');
  point(database, 'v2');
  for (let i = 0; i < 5; i++) assert.equal(await version(), 'v1');
  assert.equal(models.state().loading, 'v2');
  slow.release();
  await settle();
  assert.equal(await version(), 'v2');
  assert.deepEqual(opened, ['v1', 'v2']);
});

test('the old one goes with its last request and not before', async () => {
  point(database, 'v1');
  await version();
  const busy = gate();
  let old;
  const request = models.use(async (model) => {
    old = model;
    await busy.wait();
    return [model.version, model.disposed];
  });
  await settle();
  point(database, 'v2');
  await version();
  await settle();
  assert.equal(await version(), 'v2');
  assert.equal(old.disposed, 0);
  busy.release();
  assert.deepEqual(await request, ['v1', 0]);
  assert.equal(old.disposed, 1);
});

test('a request that fails lets its model go too', async () => {
  point(database, 'v1');
  await version();
  let old;
  await assert.rejects(
    models.use((model) => {
      old = model;
      throw new Error('x');
    }),
    /x/,
  );
  point(database, 'v2');
  await version();
  await settle();
  assert.equal(await version(), 'v2');
  assert.equal(old.disposed, 1);
});

test('a refused model leaves the old one, is shown, and is not tried again', async () => {
  point(database, 'v1');
  await version();
  behave.bad = async () => {
    throw new ModelRefused('its probes differ');
  };
  point(database, 'bad');
  for (let i = 0; i < 5; i++) {
    assert.equal(await version(), 'v1');
    await settle();
    now += 100_000;
  }
  assert.deepEqual(opened, ['v1', 'bad']);
  const { refused } = models.state();
  assert.equal(refused.version, 'bad');
  assert.equal(refused.reason, 'its probes differ');
  assert.equal(refused.retrying, false);
});

test('after a rollback nothing is refused any more', async () => {
  point(database, 'v1');
  await version();
  behave.bad = async () => {
    throw new ModelRefused('no');
  };
  point(database, 'bad');
  await version();
  await settle();
  assert.ok(models.state().refused);
  point(database, 'v1');
  await version();
  assert.equal(models.state().refused, undefined);
  assert.deepEqual(opened, ['v1', 'bad']);
});

test('the same version is tried again when its row is written again', async () => {
  behave.v1 = async () => {
    throw new ModelRefused('corrupt');
  };
  point(database, 'v1', { at: 'a' });
  await assert.rejects(version(), { statusCode: 503, message: /v1 was refused: corrupt/ });
  await assert.rejects(version(), /corrupt/);
  assert.equal(opened.length, 1);
  delete behave.v1;
  point(database, 'v1', { at: 'b' });
  assert.equal(await version(), 'v1');
});

test('what may mend itself is tried again after a back-off', async () => {
  behave.v1 = async () => {
    throw new ModelRefused('not here', { temporary: true });
  };
  point(database, 'v1');
  await assert.rejects(version(), { retryAfter: 1 });
  await assert.rejects(version(), /not here/);
  assert.equal(opened.length, 1);
  now += 1000;
  await assert.rejects(version(), { retryAfter: 2 });
  assert.equal(opened.length, 2);
  delete behave.v1;
  now += 2000;
  assert.equal(await version(), 'v1');
  assert.equal(models.state().refused, undefined);
});

test('a model that the pointer has overtaken never answers and is disposed', async () => {
  const slow = gate();
  const made = [];
  const tables = createTables(database);
  models = createModels({
    tables,
    log: keepingLog(),
    open: async (name, previous) => {
      const model = await open(name, previous);
      made.push(model);
      return model;
    },
  });
  behave.v1 = slow.wait;
  point(database, 'v1');
  const first = version();
  await settle();
  point(database, 'v2');
  slow.release();
  assert.equal(await first, 'v2');
  assert.deepEqual(
    made.map(({ version: name, disposed }) => [name, disposed]),
    [
      ['v1', 1],
      ['v2', 0],
    ],
  );
});

test('a database that does not answer is no reason to stop answering', async () => {
  database.current.failure = new Error('disk');
  await assert.rejects(version(), { statusCode: 503, message: /database/ });
  database.current.failure = undefined;
  point(database, 'v1');
  await version();
  database.current.failure = new Error('disk');
  assert.equal(await version(), 'v1');
  await models.check();
});

test('the log says once that the database went away, and once more when it goes again', async () => {
  const log = keepingLog();
  models = createModels({ tables: createTables(database), open, log });
  point(database, 'v1');
  for (let time = 0; time < 2; time++) {
    database.current.failure = new Error('disk');
    for (let i = 0; i < 5; i++) await models.check();
    assert.equal(models.state().why, time ? undefined : 'The database does not answer.');
    database.current.failure = undefined;
    await version();
  }
  assert.equal(log.lines.filter(({ level }) => level === 'error').length, 2);
});

test('fifty swaps dispose fifty models and keep one', async () => {
  const made = [];
  models = createModels({
    tables: createTables(database),
    log: keepingLog(),
    open: async (name) => {
      const model = await open(name);
      made.push(model);
      return model;
    },
  });
  for (let i = 0; i <= 50; i++) {
    point(database, `v${i}`);
    await version().catch(() => {});
    await settle();
    assert.equal(await version(), `v${i}`);
  }
  assert.equal(made.filter(({ disposed }) => disposed === 1).length, 50);
  assert.equal(made.at(-1).disposed, 0);
  await models.close();
  assert.ok(made.every(({ disposed }) => disposed === 1));
});

test('a candidate is loaded when looked for, never answers, and is taken over as it is', async () => {
  point(database, 'v1');
  await version();
  point(database, 'v2', { id: 'candidate', at: 'then' });
  const slow = gate();
  behave.v2 = slow.wait;
  assert.equal(await version(), 'v1');
  assert.deepEqual(models.state().candidate, { version: 'v2', at: 'then', state: 'loading' });
  slow.release();
  await settle();
  assert.deepEqual(models.state().candidate, { version: 'v2', at: 'then', state: 'ready' });
  assert.equal(await version(), 'v1');
  point(database, 'v2');
  assert.equal(await version(), 'v2');
  database.current.delete('candidate');
  await models.check();
  assert.equal(models.state().candidate, undefined);
  assert.equal(await models.use(({ disposed }) => disposed), 0);
  assert.deepEqual(opened, ['v1', 'v2']);
});

test('a candidate that is withdrawn is disposed', async () => {
  let model;
  models = createModels({
    tables: createTables(database),
    log: keepingLog(),
    open: async (name) => (model = await open(name)),
  });
  point(database, 'v2', { id: 'candidate' });
  await models.check();
  await settle();
  assert.equal(models.state().candidate.state, 'ready');
  await assert.rejects(version(), /deployed yet/);
  database.current.delete('candidate');
  await models.check();
  assert.equal(model.disposed, 1);
});

test('a candidate withdrawn while it loads is disposed', async () => {
  const slow = gate();
  behave.v2 = slow.wait;
  let model;
  models = createModels({
    tables: createTables(database),
    log: keepingLog(),
    open: async (name) => (model = await open(name)),
  });
  point(database, 'v2', { id: 'candidate' });
  await models.check();
  database.current.delete('candidate');
  slow.release();
  await settle();
  assert.equal(model.disposed, 1);
});

test('a candidate is refused for good, or loading with a reason while it may mend itself', async () => {
  behave.bad = async () => {
    throw new ModelRefused('wrong probes');
  };
  behave.late = async () => {
    throw new ModelRefused('no weights yet', { temporary: true });
  };
  for (const [name, expected] of [
    ['bad', { version: 'bad', at: 'then', state: 'refused', reason: 'wrong probes' }],
    ['late', { version: 'late', at: 'then', state: 'loading', reason: 'no weights yet' }],
  ]) {
    point(database, name, { id: 'candidate', at: 'then' });
    await models.check();
    await settle();
    assert.deepEqual(models.state().candidate, expected);
  }
});

test('the current version is its own candidate at once', async () => {
  point(database, 'v1');
  await version();
  point(database, 'v1', { id: 'candidate', at: 'then' });
  await models.check();
  assert.deepEqual(models.state().candidate, { version: 'v1', at: 'then', state: 'ready' });
  assert.deepEqual(opened, ['v1']);
});

const SESSION = 'a-visitor-of-this-tab';
const start = (champion, challenger, more) =>
  database.current.put(experimentRow(champion, challenger, { share: 1, ...more }));
/** Which models a session's request gets: the one that answers, and the challenger. */
const versions = async () => {
  await models.check();
  await settle();
  return models.useFor(SESSION, (model, _, assigned) => [
    model.version,
    assigned?.challenger.version,
  ]);
};

test('a challenger is loaded in the background, and answers beside the champion when it is there', async () => {
  point(database, 'v1');
  await version();
  const slow = gate();
  behave.v2 = slow.wait;
  start('v1', 'v2');
  assert.deepEqual(await versions(), ['v1', undefined]);
  assert.equal(models.state().experiment.state, 'loading');
  slow.release();
  await settle();
  assert.deepEqual(await versions(), ['v1', 'v2']);
  assert.equal(models.state().experiment.state, 'ready');
  assert.deepEqual(opened, ['v1', 'v2']);
  assert.equal(await use((model) => model.version), 'v1');
});

test('a challenger goes when its row does, with its last request and not before', async () => {
  point(database, 'v1');
  await version();
  start('v1', 'v2');
  await versions();
  const busy = gate();
  let challenger;
  const request = models.useFor(SESSION, async (model, _, assigned) => {
    challenger = assigned.challenger;
    await busy.wait();
    return challenger.disposed;
  });
  await settle();
  database.current.delete('experiment');
  assert.deepEqual(await versions(), ['v1', undefined]);
  assert.equal(challenger.disposed, 0);
  busy.release();
  assert.equal(await request, 0);
  assert.equal(challenger.disposed, 1);
});

test('a challenger that becomes current is taken over without a load, also while requests use it', async () => {
  point(database, 'v1');
  await version();
  start('v1', 'v2');
  await versions();
  const busy = gate();
  let held;
  const request = models.useFor(SESSION, async (model, _, { challenger }) => {
    held = { model, challenger };
    await busy.wait();
  });
  await settle();
  point(database, 'v2');
  database.current.delete('experiment');
  assert.deepEqual(await versions(), ['v2', undefined]);
  assert.deepEqual([held.model.disposed, held.challenger.disposed], [0, 0]);
  busy.release();
  await request;
  assert.deepEqual([held.model.disposed, held.challenger.disposed], [1, 0]);
  assert.deepEqual(opened, ['v1', 'v2']);
  await models.close();
  assert.equal(held.challenger.disposed, 1);
});

test('a deploy that nominates the challenger finds it loaded, and keeps it when the experiment ends', async () => {
  point(database, 'v1');
  await version();
  start('v1', 'v2');
  await versions();
  point(database, 'v2', { id: 'candidate', at: 'then' });
  await versions();
  assert.equal(models.state().candidate.state, 'ready');
  database.current.delete('experiment');
  await versions();
  assert.equal(models.state().candidate.state, 'ready');
  point(database, 'v2');
  database.current.delete('candidate');
  assert.deepEqual(await versions(), ['v2', undefined]);
  assert.deepEqual(opened, ['v1', 'v2']);
});

test('a challenger of the current version needs no load', async () => {
  point(database, 'v1');
  await version();
  start('v1', 'v1');
  assert.deepEqual(await versions(), ['v1', 'v1']);
  assert.deepEqual(opened, ['v1']);
  database.current.delete('experiment');
  assert.deepEqual(await versions(), ['v1', undefined]);
  assert.equal(await use(({ disposed }) => disposed), 0);
});

test('a challenger never stands in for a current model that cannot be loaded', async () => {
  behave.v1 = async () => {
    throw new ModelRefused('corrupt');
  };
  database.models.put({ version: 'v2', created: '2026' });
  point(database, 'v1');
  start('v1', 'v2');
  await models.check();
  await settle();
  await assert.rejects(version(), { statusCode: 503 });
  database.current.delete('experiment');
  now += 2000;
  await models.check();
  await settle();
  assert.equal(await version(), 'v2');
});

test('a request outside an experiment is assigned nothing', async () => {
  point(database, 'v1');
  start('v1', 'v2');
  await versions();
  const assigned = await models.useFor(undefined, (model, _, one) => one);
  assert.equal(assigned, undefined);
});
