/** Examples for the API's description, made of the catalogue's own items, so that they can be sent as they are. */

const SESSION = 'vN3rTq0c7pWm2Lx9';
const NOW = '2026-11-24T20:50:00.000Z';

/** Stands in while no model answers. */
export const PLACEHOLDER = {
  card: {
    version: '656c2b769a2a9535',
    current: { at: NOW },
    fields: [{ name: 'title', label: 'Title' }],
    requests: { favourites: 10, limit: 100, exclude: 1000 },
    strategies: [{ name: 'items', title: 'Items', description: '', explains: true, varies: true }],
    default_strategy: 'items',
    events: { enabled: true, consent: 'none', types: ['view', 'click', 'like', 'dislike'] },
  },
  items: ['1', '2', '3'].map((number) => ({ id: `item-${number}`, title: `Title ${number}` })),
};

/**
 * @param {object} options
 * @param {{project: string, collection: string, code: string, events?: {types?: object}}} options.settings
 * @param {object} options.card Answer of GET model.
 * @param {object[]} options.items Popular ones, at least one, as lists show them.
 * @returns {Record<string, {parameters?: object, body?: object, answers?: Record<string, object>}>} By route.
 */
export function examplesOf({ settings, card, items }) {
  const { project, collection, code } = settings;
  const [first, ...others] = items;
  const worker = { project, component: code, worker: 1, workers: 2, since: NOW };
  const [, name = first.id] = Object.values(first);
  const model = { model: card.version, items: 532 };
  return {
    recommend: {
      body: { favourites: [first.id], limit: 2, explain: true, session: SESSION },
      answers: { 200: recommended(card, first, others) },
    },
    search: {
      parameters: { q: String(name).slice(0, 200), limit: 2 },
      answers: { 200: { [collection]: items.slice(0, 2) } },
    },
    item: { parameters: { id: first.id }, answers: { 200: { ...first, known: true } } },
    events: eventsExample(first, settings.events?.types ?? {}),
    model: { answers: { 200: shortened(card) } },
    health: {
      answers: {
        200: {
          status: 'ok',
          ...model,
          strategy: card.default_strategy,
          search: { status: 'ready', missing: 0 },
          backend: 'wasm',
          ...worker,
        },
        503: {
          status: 'no model',
          model: null,
          ...worker,
          statusCode: 503,
          code: 'no_model',
          message: 'No model has been deployed yet.',
          reason: 'No model has been deployed yet.',
        },
      },
    },
    stats: {
      answers: {
        200: {
          ...worker,
          uptime: 16,
          routes: {
            recommend: { requests: 14, refused: 1, failed: 0, unavailable: 0, p50: 3.2, p99: 50.7 },
          },
          ...model,
          versions: [{ version: card.version, created: card.created ?? NOW, current: true }],
        },
      },
    },
  };
}

function recommended(card, first, others) {
  const scored = others.map((item, place) => ({
    ...item,
    score: 0.5 / (place + 1),
    because: [{ id: first.id, share: 1 }],
  }));
  return {
    model: card.version,
    strategy: card.default_strategy,
    unknown: [],
    recommendations: scored.slice(0, 2),
  };
}

function eventsExample(item, types) {
  // A type that needs no signed answer: an example of one would have expired.
  const [type = 'like'] =
    Object.entries(types).find(
      ([, { answer, item }]) => answer !== 'required' && item !== 'none',
    ) ?? [];
  const event = { id: '0190aa01-1', type, item: item.id, at: NOW };
  return {
    body: { session: SESSION, events: [event] },
    answers: { 202: { accepted: 1, duplicates: 0, refused: [] } },
  };
}

// Of all measured methods the first shows what the others are like.
const shortened = ({ metrics, ...card }) => ({
  ...card,
  ...(metrics && {
    metrics: { ...metrics, ...(metrics.rows && { rows: metrics.rows.slice(0, 1) }) },
  }),
});
