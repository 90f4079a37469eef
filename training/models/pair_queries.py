"""What a network of pairs learns from: favourites that people show, and candidates for the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from training.config import ItemsConfig
from training.models.pairs import PairStatistics

FAVOURITES = (1, 2, 3, 3, 3, 4, 5, 7, 10)
"""Numbers of favourites of a query, drawn uniformly: three most often, as on the pages."""
MOST_SHOWN = max(FAVOURITES)
MOST_LIKED = 60
"""Most liked items of a user that a query is made of, and popular items among its candidates."""


@dataclass(frozen=True)
class Query:
    """The favourites that a user shows, and the candidates among which the held-back items are.

    Attributes:
        favourites: [F] indices.
        candidates: [C] indices, the targets first.
        targets: Number of targets.
    """

    favourites: np.ndarray
    candidates: np.ndarray
    targets: int


def queries_of(
    statistics: PairStatistics,
    candidates: sp.csr_matrix,
    liked: sp.csr_matrix,
    config: ItemsConfig,
    rng: np.random.Generator,
    *,
    kept_back: float | None = None,
) -> list[Query]:
    """Makes queries of users, `config.draws` of each.

    Args:
        statistics: Of other users.
        candidates: [items, items] pairs worth a weight.
        liked: [users, items] 0/1.
        config: Settings.
        rng: Draws favourites and negatives.
        kept_back: Share, 0..1, of a user's items that are not shown, for people who show all others
            as in a published protocol; None: they show one to ten, see `FAVOURITES`.
    """
    popular = np.argsort(-statistics.likers, kind="stable")[:MOST_LIKED]
    made = []
    for _ in range(config.draws):
        for user in range(liked.shape[0]):
            mine = rng.permutation(liked.indices[liked.indptr[user] : liked.indptr[user + 1]])
            mine = mine[:MOST_LIKED]
            if len(mine) > 1:
                shown = min(len(mine) - 1, _shown(len(mine), kept_back, rng))
                query = _query(mine[:shown], mine[shown:], popular, candidates, config, rng)
                if query.targets:
                    made.append(query)
    return made


def _shown(likes: int, kept_back: float | None, rng: np.random.Generator) -> int:
    if kept_back is None:
        return int(rng.choice(FAVOURITES))
    return max(1, likes - int(kept_back * likes))


def _query(
    favourites: np.ndarray,
    targets: np.ndarray,
    popular: np.ndarray,
    candidates: sp.csr_matrix,
    config: ItemsConfig,
    rng: np.random.Generator,
) -> Query:
    rows = [candidates.indices[candidates.indptr[f] : candidates.indptr[f + 1]] for f in favourites]
    found = np.setdiff1d(np.concatenate([popular, *rows]), favourites)
    wanted = np.isin(found, targets)
    others = found[~wanted]
    # Beyond ten favourites fewer candidates: a query has no more pairs than with ten.
    most = config.negatives * MOST_SHOWN // max(MOST_SHOWN, len(favourites))
    if len(others) > most:
        others = rng.choice(others, most, replace=False)
    return Query(favourites, np.concatenate([found[wanted], others]), int(wanted.sum()))


def queries_for_new(
    liked: sp.csr_matrix, hidden: np.ndarray, config: ItemsConfig, rng: np.random.Generator
) -> list[Query]:
    """Makes queries of users that are answered by hidden items only.

    Args:
        liked: [users, items] 0/1.
        hidden: [items] bool.
        config: Settings.
        rng: Draws favourites and negatives.
    """
    every, made = np.flatnonzero(hidden), []
    for user in range(liked.shape[0]):
        mine = rng.permutation(liked.indices[liked.indptr[user] : liked.indptr[user + 1]])
        shown, targets = mine[~hidden[mine]][: rng.choice(FAVOURITES)], mine[hidden[mine]][:20]
        if len(shown) and len(targets):
            others = rng.choice(every, min(len(every), config.negatives), replace=False)
            candidates = np.concatenate([targets, np.setdiff1d(others, targets)])
            made.append(Query(shown, candidates, len(targets)))
    return made
