"""The item-item part of the strategy `items`: a pruned table, and two numbers an item for the rest.

The weight of a pair is that of the pair network. The table keeps the greatest of each favourite's
row; any other pair is taken for an unrelated one, whose weight is the product of what the favourite
gives and what the item draws.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from training import pair_network
from training.baselines import prune
from training.config import ItemsConfig
from training.features import ItemFeatures
from training.fitting import Progress
from training.pair_network import PairNetwork
from training.pairs import PairStatistics

UNRELATED = 15
"""Items with which the weight of an unrelated pair is found out; their median counts."""


@dataclass(frozen=True)
class ItemTable:
    """Weights of pairs: ``table[f, i] + gives[f] * draws[i]``.

    Attributes:
        table: [items, items] float32, at most `ItemsConfig.neighbours` a row, the greatest first.
        gives: [items] float32, what a favourite gives to every item.
        draws: [items] float32, what an item draws from every favourite.
    """

    table: sp.csr_matrix
    gives: np.ndarray
    draws: np.ndarray


def fit(
    liked: sp.csr_matrix, features: ItemFeatures, config: ItemsConfig, *, progress: Progress
) -> ItemTable:
    """Learns to weigh pairs from some train users, and fills the table from all.

    Args:
        liked: [train users, items] 0/1.
        features: Of the items.
        config: Settings.
        progress: Told after every step.
    """
    rng = np.random.default_rng(config.seed)
    able = rng.permutation(np.flatnonzero(np.diff(liked.indptr) >= 4))
    asking = able[: min(int(len(able) * config.calibration), config.max_calibration)]
    counted = np.setdiff1d(np.arange(liked.shape[0]), asking)
    progress(0, config.epochs, "counting pairs")
    others = PairStatistics(liked[counted], features, config.cap, rng)
    queries = pair_network.queries_of(others, others.candidates(), liked[asking], config, rng)
    network = pair_network.fit(others, queries, config, progress=progress)
    progress(config.epochs, config.epochs, "filling the table")
    everybody = PairStatistics(liked, features, config.cap, rng)
    return _fill(everybody, network, config, rng)


def _fill(
    statistics: PairStatistics,
    network: PairNetwork,
    config: ItemsConfig,
    rng: np.random.Generator,
) -> ItemTable:
    gives, draws = _unrelated(statistics, network, rng)
    pairs = statistics.candidates()
    f = np.repeat(np.arange(pairs.shape[0]), np.diff(pairs.indptr))
    weights = np.exp(network.log_weights(statistics, f, pairs.indices))
    above = np.maximum(weights - gives[f] * draws[pairs.indices], 0).astype(np.float32)
    table = sp.csr_matrix((above, pairs.indices, pairs.indptr), shape=pairs.shape)
    table.eliminate_zeros()
    return ItemTable(prune(table, config.neighbours), gives, draws)


def _unrelated(
    statistics: PairStatistics, network: PairNetwork, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Finds [items] gives and draws such that gives[f] * draws[i] is an unrelated pair's weight."""
    items = len(statistics.likers)
    chance = (statistics.likers + 0.1) / (statistics.likers + 0.1).sum()
    some, every = rng.choice(items, UNRELATED, replace=False, p=chance), np.arange(items)
    drawn = network.log_weights(statistics, np.repeat(some, items), np.tile(every, UNRELATED))
    drawn = drawn.reshape(UNRELATED, items)
    draws = np.median(drawn - np.median(drawn, axis=1, keepdims=True), axis=0)
    given = network.log_weights(statistics, np.repeat(every, UNRELATED), np.tile(some, items))
    gives = np.median(given.reshape(items, UNRELATED) - draws[some], axis=1)
    return np.exp(gives).astype(np.float32), np.exp(draws).astype(np.float32)
