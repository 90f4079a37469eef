"""Chooses how much the towers' similarity counts for items that nobody likes yet.

There is nobody to ask about new items, so some items are hidden: the towers are fitted again
without their likes, the table is filled without them, and the hidden items are ranked among
themselves for validation users who like some. Towers that had seen the likes would look far better
than they are, for their tokens have learned from them. The networks are those of the fit: they have
seen the hidden items' likes as those of a few among thousands of pairs, through numbers that mean
the same for every item.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from training.config import Config
from training.data import hidden_items
from training.data.dataset import Dataset
from training.data.examples import Queries
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
    found: list[np.ndarray] = []
    for hiding in hidings(data, features, config):
        progress(hiding.number, hiding.of, "blend of new items")
        vectors = vectors_without(hiding, features, steps, config)
        found.append(_recalls(hiding, vectors, features, networks, blends, config))
        progress(hiding.number + 1, hiding.of, "blend of new items")
    if not found:
        return None
    recalls = np.concatenate(found, axis=1)
    qualities = np.array([quality(blend) for blend in blends])
    harmless = qualities >= (1 - COST) * qualities.max()
    return float(blends[int(np.argmax(np.where(harmless, recalls.mean(axis=1), -1.0)))])


@dataclass(frozen=True)
class Hiding:
    """Some items hidden once.

    Attributes:
        number: From 0.
        of: How many times items are hidden.
        hidden: [items] bool.
        queries: Whom to ask about them.
        seen: [users, items] 0/1, the likes that are left.
    """

    number: int
    of: int
    hidden: np.ndarray
    queries: Queries
    seen: sp.csr_matrix


def hidings(data: Dataset, features: ItemFeatures, config: Config) -> Iterator[Hiding]:
    """Hides items several times, the same for the same seed; not if there is nothing to choose by.

    Arguments as for `choose`.
    """
    liked = data.liked("train")
    likers = np.asarray(liked.sum(axis=0)).ravel()
    if likers.all() or not features.describe:
        return
    rng = np.random.default_rng([config.items.seed, 12])
    asked = min(config.evaluate.max_users, MOST_ASKED)
    config = replace(config, evaluate=replace(config.evaluate, max_users=asked))
    times = HIDINGS if likers.sum() < MANY_LIKES else 1
    for number in range(times):
        hidden = hidden_items.drawn(len(data.items), rng)
        queries = hidden_items.queries_for(data.liked("validation"), hidden, config, rng)
        seen = hidden_items.without(liked, hidden)
        if len(queries) and seen.shape[0]:
            yield Hiding(number, times, hidden, queries, seen)


def vectors_without(
    hiding: Hiding, features: ItemFeatures, steps: int, config: Config
) -> np.ndarray:
    """Returns what `known_vectors` returns for towers that have not seen the hidden items' likes.

    Args:
        hiding: What is hidden.
        features: Of the items.
        steps: Steps after which the towers were best.
        config: Settings.
    """
    towers, drawn = item_tower.begin(hiding.seen, features, config)
    fitting.take(towers, drawn, max(1, steps))
    return item_tower.known_vectors(towers, hiding.seen)


def _recalls(
    hiding: Hiding,
    vectors: np.ndarray,
    features: ItemFeatures,
    networks: Mapping[str, PairNetwork],
    blends: Sequence[float],
    config: Config,
) -> np.ndarray:
    """Returns [blends, users], of validation users who like items that are hidden here."""
    hidden, queries, seen = hiding.hidden, hiding.queries, hiding.seen
    table = item_table.filled(seen, features, config.items, networks, progress=lambda *_: None)
    cut, batch = hidden_items.cut_of(hidden), max(1, min(256, MOST_CELLS // len(hidden)))
    recalls = []
    for blend in blends:
        scorer = scorer_of(ItemIndex.of(table, vectors, 0.0, blend))
        ranked = rank_scores(hidden_items.only(scorer, hidden), queries.favourites, cut, batch)
        recalls.append(recall_at(ranked, queries.targets, cut))
    return np.stack(recalls)
