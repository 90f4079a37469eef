"""Fits the networks that weigh pairs of items: one for all pairs, one for new items.

Both learn from some of the train users, whose likes are left out of what the features count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain

import numpy as np
import scipy.sparse as sp

from training.config import ItemsConfig
from training.data.features import ItemFeatures
from training.errors import ConfigError
from training.models import pair_network, pair_queries
from training.models.pair_network import FeaturesOf, PairNetwork
from training.models.pair_queries import Query
from training.models.pairs import ContentStatistics, PairStatistics
from training.models.start import NetworkWeights
from training.progress import Progress

ENOUGH_QUERIES, MOST_PARTS = 1500, 4
"""Where a part of the users makes fewer queries, and is below the most that the settings allow,
others follow, up to so many parts."""
HIDINGS, HIDDEN = 6, 0.1
"""How many times items are hidden to learn about new ones, and their share each time."""
CONTINUED_HIDINGS = 2
"""How many of these times are enough for a network that an earlier fit has left."""
MAX_QUERY_USERS = 4000
"""Most users, over all rounds of hiding, who query hidden items."""
PAIRS, NEW = "pairs", "new"
"""Names of the networks: of all pairs, and of pairs with items that nobody likes yet."""
Part = tuple[FeaturesOf, list[Query]]


def fit(
    liked: sp.csr_matrix,
    features: ItemFeatures,
    config: ItemsConfig,
    *,
    progress: Progress,
    start: Mapping[str, NetworkWeights] | None = None,
    kept_back: float | None = None,
) -> dict[str, PairNetwork]:
    """Learns to weight pairs.

    Args:
        liked: [train users, items] 0/1.
        features: Of the items.
        config: Settings.
        progress: Called after every step.
        start: Weights that the networks begin with, by name.
        kept_back: How many likes people show, see `pair_queries.queries_of`.

    Returns:
        The networks by name; `NEW` is missing if somebody likes every item.

    Raises:
        ConfigError: no user has enough likes to learn from.
    """
    start = start or {}
    rng = np.random.default_rng(config.seed)
    seen = _unless_empty(_seen(liked, features, config, rng, progress, kept_back))
    if seen is None:
        raise ConfigError("too few people like 4 items or more: lower clean.liked_from")
    network = pair_network.fit(
        seen, config, name="pair network", progress=progress, start=start.get(PAIRS)
    )
    networks = {PAIRS: network}
    if (np.asarray(liked.sum(axis=0)).ravel() == 0).any():
        content = _fit_content(
            liked, features, config, rng, progress=progress, start=start.get(NEW)
        )
        networks |= {NEW: content} if content else {}
    return networks


def _seen(
    liked: sp.csr_matrix,
    features: ItemFeatures,
    config: ItemsConfig,
    rng: np.random.Generator,
    progress: Progress,
    kept_back: float | None,
) -> Iterator[Part]:
    """Yields queries of a part of the users, with features that count all others; then of others.

    Source:
        Cross-fitting: Chernozhukov et al., "Double/debiased machine learning for treatment and
        structural parameters", 2018; as stacking does it, Wolpert, "Stacked generalization", 1992.
    """
    able = rng.permutation(np.flatnonzero(np.diff(liked.indptr) >= 4))
    each = min(max(1, int(len(able) * config.calibration)), config.max_calibration)
    made = 0
    for part in range(min(MOST_PARTS, len(able) // each)):
        # Each part counts the pairs of nearly everybody again: of millions of likes, once only.
        if made >= ENOUGH_QUERIES or part * each >= config.max_calibration:
            return
        progress(0, config.epochs, "counting pairs")
        query_users = able[part * each :][:each]
        counted = np.setdiff1d(np.arange(liked.shape[0]), query_users)
        others = PairStatistics(liked[counted], features, config.cap, rng, progress=progress)
        asking, candidates = liked[query_users], others.candidates()
        queries = pair_queries.queries_of(
            others, candidates, asking, config, rng, kept_back=kept_back
        )
        made += len(queries)
        if queries:
            yield others.features, queries
        del others, candidates  # its counts take gigabytes of millions of likes


def _fit_content(
    liked: sp.csr_matrix,
    features: ItemFeatures,
    config: ItemsConfig,
    rng: np.random.Generator,
    *,
    progress: Progress,
    start: NetworkWeights | None,
) -> PairNetwork | None:
    """Learns to weight pairs with items that nobody likes yet, by hiding items and querying them.

    To the network that sees likers, an item without likers is one that was not liked.
    """
    hidings = CONTINUED_HIDINGS if start else HIDINGS
    parts = _unless_empty(_hidden(liked, features, config, rng, hidings, progress))
    if parts is None:
        return None  # so few people that nobody likes both a hidden item and another
    cautious = replace(config, hidden=config.hidden // 2, ridge=config.ridge * 10)
    return pair_network.fit(
        parts, cautious, name="network of new items", progress=progress, start=start
    )


def _unless_empty(parts: Iterator[Part]) -> Iterator[Part] | None:
    """Returns the same parts, none of which is kept here; None if there are none."""
    first = next(parts, None)
    return None if first is None else chain([first], parts)


def _hidden(
    liked: sp.csr_matrix,
    features: ItemFeatures,
    config: ItemsConfig,
    rng: np.random.Generator,
    hidings: int,
    progress: Progress,
) -> Iterator[Part]:
    """Yields queries that are answered by hidden items, with features that do not see them."""
    known = rng.permutation(np.flatnonzero(np.asarray(liked.sum(axis=0)).ravel() > 0))
    for fold in range(hidings):
        progress(fold, hidings, "hiding items")
        hidden = np.zeros(liked.shape[1], bool)
        hidden[known[fold::HIDINGS][: max(1, int(len(known) * HIDDEN))]] = True
        users = rng.permutation(liked.shape[0])
        query_users = users[: min(len(users) // 3, MAX_QUERY_USERS // HIDINGS)]
        counted = np.setdiff1d(users, query_users)
        seen = (liked[counted] @ sp.diags((~hidden).astype(np.float32))).tocsr()
        seen.eliminate_zeros()
        others = ContentStatistics(seen, features, config.cap, rng)
        queries = pair_queries.queries_for_new(liked[query_users], hidden, config, rng)
        if queries:
            yield others.content, queries
        del others, seen  # before the next are made
