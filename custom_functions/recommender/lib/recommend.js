/**
 * From favourites to recommendations, with one model and no input or output.
 */

import { POOL, diversify, weightOf } from './diversity.js';
import { invalid, unknownStrategy } from './errors.js';
import { explorationOf, exploreAt, placesToExplore } from './explore.js';
import { discountPopular } from './novelty.js';

/** What is answered with where no favourite is known. */
export const POPULAR = 'popular';

/**
 * How many of the answers without variety count as brought by the favourites. What variety adds from beyond these
 * is shown for being different, and to name a favourite as its reason would be far-fetched.
 */
export const BROUGHT = 50;

/**
 * @param {import('./model.js').Model} model
 * @param {object} request Checked already: `favourites`, `exclude`, `limit`, `strategy`, `explain`, `diversity`,
 *   `novelty`.
 * @param {(index: number) => number} creatorOf Needed for diversity only.
 * @param {() => number} [random] Uniform in [0, 1); where it is given, some places may be explored.
 * @returns {{strategy: string, unknown: string[], propensity?: number,
 *   recommendations: {id: string, score: number, explored?: true, because?: {id: string, share: number}[]}[]}}
 *   `propensity` is that of the explored items; see `exploreAt`.
 */
export function recommend(model, request, creatorOf, random) {
  const { limit, explain, diversity, novelty } = request;
  const wanted = request.strategy ?? model.manifest.default_strategy;
  if (!model.strategy(wanted)) throw unknownStrategy(wanted, model.strategies);
  const { known: favourites, unknown } = lookUp(model, request.favourites);
  if (favourites.size > model.manifest.sizes.favourites) {
    throw invalid('favourites', `this model takes at most ${model.manifest.sizes.favourites}`);
  }
  const strategy = favourites.size ? wanted : POPULAR;
  const { picks, propensity } = rank(model, {
    strategy,
    favourites: [...favourites.keys()],
    exclude: [...lookUp(model, request.exclude).known.keys()],
    limit,
    explain,
    diversity,
    novelty,
    creatorOf,
    exploration: explorationOf(model.manifest, random),
  });
  return {
    strategy,
    unknown,
    recommendations: picks.map((pick) => named(model, [...favourites.values()], pick, request)),
    ...(propensity && { propensity }),
  };
}

/**
 * The same in indices.
 *
 * @param {import('./model.js').Model} model
 * @param {{strategy: string, favourites: number[], exclude?: number[], limit: number, explain?: boolean,
 *   diversity?: number, novelty?: number, creatorOf?: (index: number) => number, fromGraph?: boolean,
 *   exploration?: import('./explore.js').Exploration}} question
 *   `novelty` is for favourites only: the popular items that stand in for an answer keep their order.
 *   `fromGraph`: ask the graph even where the strategy has a table.
 * @returns {{picks: {index: number, score: number, place: number, shares?: Float32Array,
 *   vector?: Float32Array, explored?: true}[], propensity?: number}} `place` is the one without variety, novelty and
 *   exploration, from 0.
 */
export function rank(
  model,
  {
    strategy,
    favourites,
    exclude = [],
    limit,
    explain,
    diversity = 0,
    novelty = 0,
    creatorOf,
    fromGraph,
    exploration,
  },
) {
  const places = placesToExplore(exploration, limit);
  const isReordered = diversity > 0 || novelty > 0 || places.length > 0;
  const left = isReordered ? Math.max(limit, POOL) : limit;
  const dropped = new Set([...favourites, ...exclude]);
  const results = left + dropped.size;
  const answer = favourites.length
    ? model.answer(strategy, favourites, {
        shares: explain,
        vectors: diversity > 0,
        results,
        fromGraph,
      })
    : popular(model, results);
  const picks = discountPopular(keep(answer, dropped, left), favourites.length ? novelty : 0);
  const weight = weightOf(diversity, model.strategy(strategy)?.variety);
  const chosen = diversify(picks, { diversity: weight, limit, creatorOf });
  return exploreAt(chosen, picks, places, exploration);
}

function keep({ items, scores, shares, vectors }, dropped, most) {
  const row = (array, place) => {
    const width = array.length / items.length;
    return array.subarray(place * width, (place + 1) * width);
  };
  const picks = [];
  for (let place = 0; place < items.length && picks.length < most; place++) {
    const index = items[place];
    if (index < 0) break;
    if (dropped.has(index)) continue;
    const pick = { index, score: scores[place], place: picks.length };
    if (shares) pick.shares = row(shares, place);
    if (vectors) pick.vector = row(vectors, place);
    picks.push(pick);
  }
  return picks;
}

// Indices go by popularity, so the first ones are the most popular.
function popular({ size }, most) {
  const items = Array.from({ length: Math.min(size, most) }, (_, index) => index);
  return { items, scores: items.map((index) => 1 - index / size) };
}

// `known` holds each item's index once, with the id that was first given for it.
function lookUp(model, ids) {
  const known = new Map();
  const unknown = new Set();
  for (const id of ids) {
    const index = model.workOf(id);
    if (index === undefined) unknown.add(id);
    else if (!known.has(index)) known.set(index, id);
  }
  return { known, unknown: [...unknown] };
}

function named(model, given, pick, { explain, diversity }) {
  const one = { id: model.idOf(pick.index), score: rounded(pick.score) };
  if (pick.explored) one.explored = true;
  if (!explain) return one;
  const isFarBehind = (diversity > 0 || pick.explored) && pick.place >= BROUGHT;
  return { ...one, because: isFarBehind ? [] : reasons(given, pick) };
}

// Under the ids that were asked with: a client that named an edition need not know the id of its work.
function reasons(given, { shares }) {
  return given
    .map((id, place) => ({ id, share: rounded(shares?.[place] ?? 0) }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share);
}

// float32 holds some seven digits; the rest would be noise.
const rounded = (value) => Number(value.toPrecision(7));
