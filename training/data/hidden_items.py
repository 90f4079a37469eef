"""Items that are hidden from training, to stand for new ones that nobody has liked yet."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from training.config import Config
from training.data.examples import Queries, hold_out
from training.ranking.scoring import Scorer, dense

HIDDEN = 0.1
"""Share of the items that are hidden."""
CUT = 100
LEAST_LEFT = 4
"""With few hidden items the cut-off is a quarter: the first hundred of thirty contain all."""


def drawn(items: int, rng: np.random.Generator) -> np.ndarray:
    """Returns [items] bool, which are hidden: `HIDDEN` of them, at random."""
    hidden = np.zeros(items, bool)
    hidden[rng.choice(items, round(items * HIDDEN), replace=False)] = True
    return hidden


def cut_of(hidden: np.ndarray) -> int:
    """Returns the cut-off at which hidden items are ranked among themselves."""
    return min(CUT, -(-int(hidden.sum()) // LEAST_LEFT))


def without(liked: sp.csr_matrix, hidden: np.ndarray) -> sp.csr_matrix:
    """Returns the likes of items that are not hidden; users with fewer than two are left out.

    Args:
        liked: [users, items] 0/1.
        hidden: [items] bool.
    """
    left = (liked @ sp.diags((~hidden).astype(np.float32))).tocsr()
    left.eliminate_zeros()
    return left[np.diff(left.indptr) >= 2]


def queries_for(
    liked: sp.csr_matrix, hidden: np.ndarray, config: Config, rng: np.random.Generator
) -> Queries:
    """Shows some items that are not hidden; the targets are the hidden ones that the user likes.

    Args:
        liked: [users, items] 0/1.
        hidden: [items] bool.
        config: Settings; `evaluate` limits the users and says how many items are shown.
        rng: Draws both.

    Returns:
        One query for each user who likes a hidden item, and enough others.
    """
    mask = sp.diags(hidden.astype(np.float32))
    targets = (liked @ mask).tocsr()
    targets.eliminate_zeros()
    seen = (liked - targets).tocsr()
    seen.eliminate_zeros()
    enough = np.diff(seen.indptr) > config.evaluate.favourites
    users = np.flatnonzero(enough & (np.diff(targets.indptr) > 0))
    if len(users) > config.evaluate.max_users:
        users = np.sort(rng.choice(users, config.evaluate.max_users, replace=False))
    shown = hold_out(seen[users], config.evaluate.favourites, rng)
    return Queries(shown.favourites, targets[users], users)


def only(scorer: Scorer, hidden: np.ndarray) -> Scorer:
    """Returns a scorer of the hidden items only.

    Args:
        scorer: Scores all items.
        hidden: [items] bool.
    """
    return lambda favourites: np.where(hidden, dense(scorer(favourites)), -np.inf)
