"""How well new items, which nobody has liked yet, are recommended from their features.

All interactions of a tenth of the items are hidden, the strategy `items` is fitted again on the
rest, and the hidden items are ranked among themselves for held-out users who liked some of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from training.config import Config
from training.data import hidden_items
from training.data.dataset import Dataset
from training.data.examples import Queries, queries_of
from training.data.features import creators_of, features_of
from training.domains.domain import Domain
from training.evaluation.sampling import bounded
from training.models import item_table, item_tower
from training.models.item_strategy import ItemIndex, scorer_of
from training.progress import Progress
from training.ranking.bootstrap import interval, resamples
from training.ranking.metrics import recall_at
from training.ranking.scoring import rank_scores


def measure(
    domain: Domain,
    data: Dataset,
    blend: float,
    new_blend: float | None,
    config: Config,
    *,
    progress: Progress,
) -> dict[str, Any]:
    """Measures recall of hidden items, beside a creator's items and chance.

    Args:
        domain: Which fields are features.
        data: Prepared data.
        blend: Of the towers, as chosen for the shipped model.
        new_blend: That of new items, likewise; None: the same.
        config: Settings.
        progress: Called after every step.

    Returns:
        Number of users and hidden items, the cut, and by method ``recall@<cut>`` with its interval.
    """
    config = bounded(config, len(data.items))
    rng = np.random.default_rng([config.evaluate.seed, 10])
    hidden = hidden_items.drawn(len(data.items), rng)
    queries = hidden_items.queries_for(data.liked("test"), hidden, config, rng)
    if not len(queries):
        return {"users": 0, "hidden": int(hidden.sum()), "cut": 0, "methods": {}}
    features = features_of(domain, data.items)
    liked = hidden_items.without(data.liked("train"), hidden)
    validation_queries = queries_of(data, "validation", config.evaluate.favourites, config)
    vectors, _ = item_tower.fit(liked, features, validation_queries, config, progress=progress)
    table = item_table.fit(liked, features, config.items, progress=progress)
    index = ItemIndex.of(table, vectors, blend, new_blend)
    creators = creators_of(domain, data.items)
    cut = hidden_items.cut_of(hidden)
    by_chance = [rng.permutation(np.flatnonzero(hidden))[:cut] for _ in range(len(queries))]
    by_creator = (
        _by_creator(queries, creators.to_numpy(), liked, hidden, cut, rng) if domain.creator else {}
    )
    rankings = {
        "items": rank_scores(hidden_items.only(scorer_of(index), hidden), queries.favourites, cut),
        **by_creator,
        "random": np.stack(by_chance),
    }
    weights = resamples(len(queries), config.evaluate.seed)
    found = {}
    for name, ranked in rankings.items():
        users = recall_at(ranked, queries.targets, cut)
        low, high = interval(users, weights)
        found[name] = {f"recall@{cut}": float(users.mean()), "low": low, "high": high}
    return {"users": len(queries), "hidden": int(hidden.sum()), "cut": cut, "methods": found}


def _by_creator(
    queries: Queries,
    creators: np.ndarray,
    liked: sp.csr_matrix,
    hidden: np.ndarray,
    cut: int,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Ranks the favourites' creators' hidden items first, then the others; the first `cut` of them.

    Returns:
        Two rankings: the others at random, and by how much their creators are liked.
    """
    codes = {name: i for i, name in enumerate(sorted(set(creators) - {""}))}
    mine = np.array([codes.get(name, -1) for name in creators])
    likers = np.asarray(liked.sum(axis=0)).ravel()
    fame = np.bincount(mine[mine >= 0], likers[mine >= 0], minlength=len(codes) + 1)
    candidates = rng.permutation(np.flatnonzero(hidden))
    known = mine[candidates] >= 0
    liking = np.where(known, fame[mine[candidates]], 0) / (fame.max(initial=0) + 1)
    # Candidates are in random order, and a stable sort leaves equal ones so.
    alone, famous = [], []
    for favourites in queries.favourites:
        same = known & np.isin(mine[candidates], mine[favourites])
        alone.append(candidates[np.argsort(-same.astype(float), kind="stable")][:cut])
        famous.append(candidates[np.argsort(-(same + liking), kind="stable")][:cut])
    return {
        "same creator": np.stack(alone),
        "same creator, then liked creators": np.stack(famous),
    }
