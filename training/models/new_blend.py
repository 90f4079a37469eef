"""Chooses how much the towers' similarity counts for items that nobody likes yet.

There is nobody to ask about new items, so some items are hidden: the towers are fitted again
without their likes, the table is filled without them, and the hidden items are ranked among
themselves for validation users who like some. Towers that had seen the likes would look far better
than they are, for their tokens have learned from them. The networks are those of the fit: they have
seen the hidden items' likes as those of a few among thousands of pairs, through numbers that mean
the same for every item.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from training.config import Config
from training.data import hidden_items
from training.data.dataset import Dataset
from training.data.features import ItemFeatures
from training.models import fitting, item_table, item_tower
from training.models.item_strategy import ItemIndex, scorer_of
from training.models.pair_network import PairNetwork
from training.progress import Progress
from training.ranking.metrics import recall_at
from training.ranking.scoring import rank_scores

HIDINGS = 3
"""How many times items are hidden: which ones they are matters more than who is asked."""
MANY_LIKES = 5_000_000
"""With more likes, once is enough: so many people like a tenth of the items."""
MOST_ASKED, MOST_CELLS = 500, 30_000_000
"""Validation users asked each time, and users x items that are scored at a time."""
COST = 0.005
"""Largest share of the quality for all items that may be lost."""


def choose(
    data: Dataset,
    features: ItemFeatures,
    networks: Mapping[str, PairNetwork],
    steps: int,
    blends: Sequence[float],
    quality: Callable[[float], float],
    config: Config,
    *,
    progress: Progress,
) -> float | None:
    """Returns the blend of new items with the best recall of hidden ones; of equal ones the first.

    Args:
        data: Prepared data; only train and validation users are looked at.
        features: Of its items.
        networks: What weighs pairs, fitted on the train users.
        steps: Steps after which the towers were best.
        blends: What to choose from.
        quality: The validation users' NDCG@20, all items ranked, with a blend of new items; a
            blend is left out if it costs more than `COST` of it.
        config: Settings.
        progress: Called after every hiding.

    Returns:
        The blend; None if somebody likes every item, if nothing else is known of them, or if nobody
        likes a hidden one.
    """
    likers = np.asarray(data.liked("train").sum(axis=0)).ravel()
    if likers.all() or not features.describe:
        return None
    rng = np.random.default_rng([config.items.seed, 12])
    asked = min(config.evaluate.max_users, MOST_ASKED)
    config = replace(config, evaluate=replace(config.evaluate, max_users=asked))
    hidings = HIDINGS if likers.sum() < MANY_LIKES else 1
    found: list[np.ndarray] = []
    for hiding in range(hidings):
        progress(hiding, hidings, "blend of new items")
        found.append(_recalls(data, features, networks, steps, blends, config, rng))
    progress(hidings, hidings, "blend of new items")
    recalls = np.concatenate(found, axis=1)
    if not recalls.size:
        return None
    qualities = np.array([quality(blend) for blend in blends])
    harmless = qualities >= (1 - COST) * qualities.max()
    return float(blends[int(np.argmax(np.where(harmless, recalls.mean(axis=1), -1.0)))])


def _recalls(
    data: Dataset,
    features: ItemFeatures,
    networks: Mapping[str, PairNetwork],
    steps: int,
    blends: Sequence[float],
    config: Config,
    rng: np.random.Generator,
) -> np.ndarray:
    """Returns [blends, users], of validation users who like items that are hidden here."""
    hidden = hidden_items.drawn(len(data.items), rng)
    queries = hidden_items.queries_for(data.liked("validation"), hidden, config, rng)
    seen = hidden_items.without(data.liked("train"), hidden)
    if not len(queries) or not seen.shape[0]:
        return np.empty((len(blends), 0))
    towers, drawn = item_tower.begin(seen, features, config)
    fitting.take(towers, drawn, max(1, steps))
    vectors = item_tower.known_vectors(towers, seen)
    table = item_table.filled(seen, features, config.items, networks, progress=lambda *_: None)
    cut, batch = hidden_items.cut_of(hidden), max(1, min(256, MOST_CELLS // len(hidden)))
    recalls = []
    for blend in blends:
        scorer = scorer_of(ItemIndex.of(table, vectors, 0.0, blend))
        ranked = rank_scores(hidden_items.only(scorer, hidden), queries.favourites, cut, batch)
        recalls.append(recall_at(ranked, queries.targets, cut))
    return np.stack(recalls)
