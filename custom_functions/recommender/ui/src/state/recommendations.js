import { computed, ref, watch } from 'vue';
import { useAnswer } from './answer.js';
import { useRows } from './rows.js';

const FEWEST_SHOWN = 10;
const MORE_SHOWN = 10;
const MOST_SHOWN = 100;

/**
 * The recommendations for the favourites and settings of a place, and those of the strategy to compare with.
 *
 * @param {Pick<import('../api.js').Api, 'recommend'>} api
 * @param {object} options
 * @param {import('vue').Ref<import('../address.js').Place>} options.place
 * @param {() => object} options.manifest
 * @param {(answer: object) => void} options.arrived
 * @param {() => Promise<unknown>} options.ready
 */
export function useRecommendations(api, { place, manifest, arrived, ready }) {
  const limit = ref(FEWEST_SHOWN);
  const known = (name) =>
    manifest().strategies.some((strategy) => strategy.name === name) ? name : null;
  const strategy = computed(() => known(place.value.strategy) ?? manifest().default_strategy);
  const other = computed(() => known(place.value.compare));

  // What the visitor did not choose is left to the server, which may be trying other ways on live visitors.
  const isChosen = () => Boolean(known(place.value.strategy) ?? other.value);

  function requestFor(name) {
    const { favourites, dismissed, variety, novelty } = place.value;
    if (!favourites.length || !name) return null;
    return {
      favourites,
      exclude: dismissed,
      limit: limit.value,
      ...(isChosen() && { strategy: name }),
      ...(variety && { diversity: variety }),
      ...(novelty && { novelty }),
      explain: true,
    };
  }

  const ask = (name) =>
    useAnswer(
      api,
      computed(() => requestFor(name.value)),
      { arrived, ready },
    );
  const left = ask(strategy);
  const right = ask(other);
  const rows = useRows(
    left,
    computed(() => place.value.dismissed),
  );

  // By the request that was answered: the current one may ask for more already.
  const more = computed(() => {
    const wanted = left.asked.value?.limit;
    return wanted < MOST_SHOWN && left.answer.value.recommendations.length >= wanted;
  });

  watch(
    () => place.value.favourites,
    () => (limit.value = FEWEST_SHOWN),
  );
  return {
    strategy,
    other,
    left,
    right,
    rows,
    more,
    showMore: () => (limit.value = Math.min(limit.value + MORE_SHOWN, MOST_SHOWN)),
  };
}
