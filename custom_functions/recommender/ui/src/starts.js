const POPULAR = 60;
const NEAR = 12;

/**
 * Starting points for visitors without favourites in mind: small sets that go well together.
 *
 * @param {import('./api.js').Api} api
 * @param {string} collection
 * @param {(item: object) => string} creatorOf
 */
export function createStarts(api, collection, creatorOf) {
  let popular;

  async function wellLiked() {
    // An empty search returns everything, popular items first.
    popular ??= api.search(collection, '', { limit: POPULAR }).catch((error) => {
      popular = undefined;
      throw error;
    });
    return popular;
  }

  async function near(item) {
    const request = { favourites: [item.id], limit: NEAR };
    return (await api.recommend(request)).recommendations;
  }

  return {
    /**
     * @param {number} count How many sets.
     * @returns {Promise<object[][]>} Sets of three; no item and no creator stands in two.
     */
    async examples(count) {
      const sets = [];
      const seen = new Set();
      const creators = new Set();
      for (const seed of await wellLiked()) {
        if (sets.length === count) break;
        if (seen.has(seed.id) || isTaken(seed, creatorOf, creators)) continue;
        const around = await near(seed);
        const set = threeOf(seed, around, creatorOf, creators);
        if (set.length < 3) continue;
        sets.push(set);
        // The next set should show a different taste.
        for (const item of [seed, ...around]) seen.add(item.id);
        for (const item of set) creators.add(creatorOf(item));
      }
      return sets;
    },

    /** @returns {Promise<object[]>} Three that go well together, another three each time. */
    async surprise() {
      const seed = oneOf(await wellLiked());
      const around = shuffled(await near(seed));
      const varied = threeOf(seed, around, creatorOf, new Set());
      return varied.length === 3 ? varied : [seed, ...around].slice(0, 3);
    },
  };
}

function threeOf(seed, around, creatorOf, taken) {
  const set = [seed];
  const creators = new Set([...taken, creatorOf(seed)]);
  for (const item of around) {
    if (set.length === 3) break;
    if (isTaken(item, creatorOf, creators)) continue;
    creators.add(creatorOf(item));
    set.push(item);
  }
  return set;
}

// Items without a creator have none in common.
const isTaken = (item, creatorOf, creators) =>
  creatorOf(item) !== '' && creators.has(creatorOf(item));

const oneOf = (things) => things[Math.floor(Math.random() * things.length)];

const shuffled = (things) =>
  things
    .map((thing) => ({ thing, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ thing }) => thing);
