"""The item-item part of the strategy `items`: a pruned table, and two factors for other pairs.

The weight of a pair is that of the pair network. The table keeps the greatest of each favourite's
row; any other pair counts as unrelated, and its weight is the product of the favourite's
`query_factor` and the item's `item_factor`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp

from training.config import ItemsConfig
from training.data.features import ItemFeatures
from training.models import item_networks
from training.models.cooccurrence import prune
from training.models.item_networks import NEW, PAIRS
from training.models.pair_network import FeaturesOf, PairNetwork
from training.models.pairs import PairStatistics
from training.models.start import NetworkWeights
from training.progress import Progress

UNRELATED = 15
"""Items from which the weight of an unrelated pair is estimated, as the median."""


@dataclass(frozen=True)
class ItemTable:
    """Weights of pairs: ``table[f, i] + query_factor[f] * item_factor[i]``.

    Attributes:
        table: [items, items] float32, at most `ItemsConfig.neighbours` a row, `max_pairs` in all.
        query_factor: [items] float32, for it as a favourite.
        item_factor: [items] float32, for it as an item.
        networks: What weighed the pairs: `PAIRS`, and `NEW` if there are items nobody likes yet.
        new: Indices of the items that nobody likes yet, ascending.
    """

    table: sp.csr_matrix
    query_factor: np.ndarray
    item_factor: np.ndarray
    networks: Mapping[str, PairNetwork] = field(default_factory=dict)
    new: np.ndarray = field(default_factory=lambda: np.empty(0, np.int32))


def fit(
    liked: sp.csr_matrix,
    features: ItemFeatures,
    config: ItemsConfig,
    *,
    progress: Progress,
    start: Mapping[str, NetworkWeights] | None = None,
    kept_back: float | None = None,
) -> ItemTable:
    """Learns to weight pairs from some train users, and fills the table from all.

    Args:
        liked: [train users, items] 0/1.
        features: Of the items.
        config: Settings.
        progress: Called after every step.
        start: Weights that the networks begin with, by name.
        kept_back: Share of a person's likes that are not shown, where all others are; None: they
            show as many as on the pages.

    Raises:
        ConfigError: no user has enough likes to learn from.
    """
    networks = item_networks.fit(
        liked, features, config, progress=progress, start=start, kept_back=kept_back
    )
    return filled(liked, features, config, networks, progress=progress)


def filled(
    liked: sp.csr_matrix,
    features: ItemFeatures,
    config: ItemsConfig,
    networks: Mapping[str, PairNetwork],
    *,
    progress: Progress,
) -> ItemTable:
    """Returns the table that networks make of what some users like.

    Args:
        liked: [users, items] 0/1; they may be others than those from whom the networks learned.
        features: Of the items.
        config: Settings.
        networks: By name; `NEW` may be missing.
        progress: Called after every block of pairs.
    """
    rng = np.random.default_rng(config.seed)
    statistics = PairStatistics(liked, features, config.cap, rng, progress=progress)
    likers = statistics.likers
    order = statistics.order().astype(np.int32)
    pairs = statistics.candidates(with_new=True)[order]
    f, i = np.repeat(order, np.diff(pairs.indptr)), pairs.indices
    weights = _weigh(statistics.features, networks[PAIRS], likers, f, i, rng, progress)
    new = likers == 0
    if NEW in networks and new.any():
        young = new[i]
        content = _weigh(
            statistics.content, networks[NEW], likers, f[young], i[young], rng, progress
        )
        weights = _joined(weights, content, new)
    table = sp.csr_matrix((weights.above(), pairs.indices, pairs.indptr), shape=pairs.shape)
    table = table[np.argsort(order)]
    table.eliminate_zeros()
    pruned = _pruned(table, likers, config)
    indices = np.flatnonzero(new).astype(np.int32)
    return ItemTable(pruned, weights.query_factor, weights.item_factor, networks, indices)


@dataclass(frozen=True)
class _Weights:
    """Weights of the candidate pairs, and of unrelated ones.

    Attributes:
        f: [pairs] favourites.
        i: [pairs] items.
        logs: [pairs] logarithms of their weights.
        query_factor: [items] of a favourite, for unrelated items.
        item_factor: [items] of an item, for unrelated favourites.
    """

    f: np.ndarray
    i: np.ndarray
    logs: np.ndarray
    query_factor: np.ndarray
    item_factor: np.ndarray

    def above(self) -> np.ndarray:
        """Returns [pairs] float32, by how much a pair's weight exceeds an unrelated one's."""
        unrelated = self.query_factor[self.f] * self.item_factor[self.i]
        return np.maximum(np.exp(self.logs) - unrelated, 0).astype(np.float32)


def _weigh(
    features_of: FeaturesOf,
    network: PairNetwork,
    likers: np.ndarray,
    f: np.ndarray,
    i: np.ndarray,
    rng: np.random.Generator,
    progress: Progress,
) -> _Weights:
    items, every = len(likers), np.arange(len(likers))
    chance = (likers + 0.1) / (likers + 0.1).sum()
    some = rng.choice(items, min(UNRELATED, items), replace=False, p=chance)
    count = len(some)
    drawn = network.log_weights(features_of, np.repeat(some, items), np.tile(every, count))
    drawn = drawn.reshape(count, items)
    item_factor = np.median(drawn - np.median(drawn, axis=1, keepdims=True), axis=0)
    given = network.log_weights(features_of, np.repeat(every, count), np.tile(some, items))
    query_factor = np.median(given.reshape(items, count) - item_factor[some], axis=1)
    return _Weights(
        f,
        i,
        network.log_weights(features_of, f, i, progress=progress),
        np.exp(query_factor).astype(np.float32),
        np.exp(item_factor).astype(np.float32),
    )


def _joined(seen: _Weights, content: _Weights, new: np.ndarray) -> _Weights:
    """Combines both networks where the item is new: the mean of their logarithms.

    The one that sees likers learned how rarely an item without likers is liked, so it sets the
    total weight of all new items; the one that sees only content ranks them better.

    Args:
        seen: Of all candidate pairs, by the first.
        content: Of those whose item is new, by the second.
        new: [items] bool.
    """
    young = new[seen.i]
    logs = seen.logs.astype(np.float64)
    logs[young] = _leveled((seen.logs[young] + content.logs) / 2, seen.logs[young])
    item_factor = np.log(seen.item_factor.astype(np.float64))
    item_factor[new] = _leveled(
        (item_factor[new] + np.log(content.item_factor[new])) / 2, item_factor[new]
    )
    return _Weights(seen.f, seen.i, logs, seen.query_factor, np.exp(item_factor).astype(np.float32))


def _leveled(logs: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Returns the logarithms, shifted so that their total weight is that of the others."""
    return logs + (_log_sum(like) - _log_sum(logs)) if len(logs) else logs


def _log_sum(logs: np.ndarray) -> float:
    return float(np.logaddexp.reduce(logs.astype(np.float64)))


def _pruned(table: sp.csr_matrix, likers: np.ndarray, config: ItemsConfig) -> sp.csr_matrix:
    """Keeps the greatest of each row; some places are for items that nobody likes yet.

    Items with likers have greater weights than title and creator can produce, and would leave no
    places for new ones.
    """
    new, places = likers == 0, _places(table, likers, config)
    most_new = np.minimum(places, -(-places * config.new_neighbours // config.neighbours))
    fresh = prune((table @ sp.diags(new.astype(np.float32))).tocsr(), most_new)
    fresh.eliminate_zeros()
    old = (table @ sp.diags((~new).astype(np.float32))).tocsr()
    old.eliminate_zeros()
    return (prune(old, places - np.diff(fresh.indptr)) + fresh).tocsr()


def _places(table: sp.csr_matrix, likers: np.ndarray, config: ItemsConfig) -> np.ndarray:
    """Returns [items] how many pairs each row keeps.

    If there are too many pairs, a row's length is proportional to the root of its favourite's
    likers: popular items are the most frequent favourites, but rare ones need their few pairs.
    """
    have = np.minimum(np.diff(table.indptr), config.neighbours)
    if have.sum() <= config.max_pairs:
        return np.full(len(likers), config.neighbours)
    wish = np.sqrt(likers + 1)
    low, high = 0.0, float(config.neighbours)
    for _ in range(40):
        scale = (low + high) / 2
        fits = np.minimum(have, scale * wish).astype(np.int64).sum() <= config.max_pairs
        low, high = (scale, high) if fits else (low, scale)
    return np.minimum(have, low * wish).astype(np.int64)
