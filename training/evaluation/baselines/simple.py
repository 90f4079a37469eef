"""Peers that learn nothing: what is popular, and what the same creator made."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from training.evaluation.baselines.peer import Training
from training.ranking.scoring import Scorer, one_hot

MOST_POPULAR = 1000
"""Popular items that are scored; more than any list holds."""


def popularity(training: Training) -> Scorer:
    """Recommends to everybody what most train users like."""
    popular = _popular(training.likers)
    return lambda favourites: sp.vstack([popular] * len(favourites), format="csr")


def same_creator(training: Training) -> Scorer:
    """Recommends the favourites' creators' items by popularity, then everything by popularity."""
    likers = training.likers / (training.likers.max() + 1)
    popular, of_creator = _popular(likers), training.by_creator
    # Creators are separated by whole numbers: how many favourites are by that creator.
    weighted = (of_creator.T @ sp.diags(1 + likers)).tocsr()

    def scorer(favourites: np.ndarray) -> sp.csr_matrix:
        same = one_hot(favourites, len(likers)) @ of_creator @ weighted
        return (same + sp.vstack([popular] * len(favourites), format="csr")).tocsr()

    return scorer


def _popular(likers: np.ndarray) -> sp.csr_matrix:
    """Returns [1, items] float32, the likers of the `MOST_POPULAR` most liked items."""
    # Items are in order of popularity, so that the others follow by themselves.
    shown = np.where(np.arange(len(likers)) < MOST_POPULAR, likers, 0).astype(np.float32)
    return sp.csr_matrix(shown[None])
