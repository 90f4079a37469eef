/**
 * What experiments found, from the row `experiments` of the table `current` (docs/experiments.md), and the one that
 * runs. The row comes from outside: whatever is not as expected becomes null.
 */

/** How many experiments that ended are shown. */
export const MOST_ENDED = 20;
/** How many looks of the running one are shown; of the others it is the last. Every visitor’s page reads them. */
export const MOST_LOOKS = 50;
/** Most characters of a text. */
export const LONGEST_TEXT = 300;

const SIDES = ['champion', 'challenger'];
const VARIANTS = [...SIDES, 'interleaved'];
const SETTINGS = ['diversity', 'novelty'];

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value) => (typeof value === 'string' ? value.slice(0, LONGEST_TEXT) : null);
const number = (value) => (Number.isFinite(value) ? value : null);

/** Reads an object of which the named properties are always there. */
const reader = (readers) => (value) =>
  Object.fromEntries(
    Object.entries(readers).map(([name, read]) => [
      name,
      read(isObject(value) ? value[name] : null),
    ]),
  );
const named = (names, read) => Object.fromEntries(names.map((name) => [name, read]));

/** Only the numbers that are there. */
const counts = (names) => (value) =>
  Object.fromEntries(
    Object.entries(isObject(value) ? value : {}).filter(
      ([name, count]) => names.includes(name) && Number.isFinite(count),
    ),
  );

const lookOf = reader({
  at: text,
  sessions: counts(VARIANTS),
  ...named(['champion', 'challenger', 'difference', 'low', 'high'], number),
  ...named(['verdict', 'note'], text),
});
const sideOf = reader({ ...named(['version', 'strategy'], text), settings: counts(SETTINGS) });
const COMMON = {
  ...named(['id', 'mode', 'state', 'started', 'metric'], text),
  ...named(['share', 'margin'], number),
  ...named(SIDES, sideOf),
};
const runningOf = reader({ ...COMMON, looks: (looks) => listOf(looks, MOST_LOOKS, lookOf) });
const endedOf = reader({
  ...COMMON,
  ...named(['ended', 'outcome', 'reason'], text),
  looks: (looks) => listOf(looks, 1, lookOf),
});

/**
 * @param {{experiments?: unknown} | undefined} row
 * @returns {{running: object | null, ended: object[]} | undefined} Nothing where the row is not there.
 */
export function experimentsOf(row) {
  if (!isObject(row?.experiments)) return undefined;
  const { running, ended } = row.experiments;
  const list = Array.isArray(ended) ? ended.filter(isObject).slice(0, MOST_ENDED) : [];
  return { running: isObject(running) ? runningOf(running) : null, ended: list.map(endedOf) };
}

/**
 * @param {import('./row.js').Experiment | undefined} experiment
 * @returns {object | undefined} What may be shown of it: without the salt, from which variants follow.
 */
export function experimentCard(experiment) {
  if (!experiment) return undefined;
  const { id, state, mode, share, champion, challenger } = experiment;
  const started = text(experiment.started);
  const variants = { champion: sideOf(champion), challenger: sideOf(challenger) };
  return { id, state, mode, share, started, variants };
}

/** At most so many, evenly spread; the last one is always among them. */
function listOf(value, most, read) {
  const all = Array.isArray(value) ? value.filter(isObject) : [];
  const step = Math.max(1, (all.length - 1) / Math.max(1, most - 1));
  const places = Array.from({ length: Math.min(most, all.length) }, (_, i) =>
    Math.round(all.length - 1 - i * step),
  );
  return places.reverse().map((place) => read(all[place]));
}

const maybe = (type) => ({ type: [type, 'null'] });
const aText = { ...maybe('string'), maxLength: LONGEST_TEXT };
const object = (properties, required = Object.keys(properties)) => ({
  type: 'object',
  required,
  properties,
});
const side = object({
  version: aText,
  strategy: aText,
  settings: object(named(SETTINGS, { type: 'number' }), []),
});
const look = object({
  at: aText,
  sessions: object(named(VARIANTS, { type: 'number' }), []),
  ...named(['champion', 'challenger', 'difference', 'low', 'high'], maybe('number')),
  ...named(['verdict', 'note'], aText),
});
const common = {
  ...named(['id', 'mode', 'state', 'started', 'metric'], aText),
  ...named(['share', 'margin'], maybe('number')),
  ...named(SIDES, side),
};

/** JSON Schema of what `experimentsOf` returns. */
export const experimentsSchema = object({
  running: {
    ...object({ ...common, looks: { type: 'array', maxItems: MOST_LOOKS, items: look } }),
    type: ['object', 'null'],
  },
  ended: {
    type: 'array',
    maxItems: MOST_ENDED,
    items: object({
      ...common,
      ...named(['ended', 'outcome', 'reason'], aText),
      looks: { type: 'array', maxItems: 1, items: look },
    }),
  },
});

/** JSON Schema of what `experimentCard` returns. */
export const experimentSchema = object({
  id: { type: 'string' },
  state: { type: 'string', enum: ['trial', 'running'] },
  mode: { type: 'string', enum: ['split', 'interleave'] },
  share: { type: 'number', minimum: 0, maximum: 1 },
  started: aText,
  variants: object(named(SIDES, side)),
});
