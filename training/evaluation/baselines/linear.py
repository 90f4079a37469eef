"""Peers with a linear weight for each pair of items."""

from __future__ import annotations

import numpy as np
import scipy.linalg
import scipy.sparse as sp

from training.evaluation.baselines.peer import Training
from training.ranking.scoring import Scorer, one_hot

EASE_ITEMS = 15_000
"""Most items for EASE: its inverse takes 4 n² bytes and about n³ operations."""


def ease(training: Training, *, ridge: float) -> Scorer:
    """Full-rank linear item weights, over items that two or more like.

    Args:
        training: What to learn from; items beyond `EASE_ITEMS` are left out, the rarest first.
        ridge: Added to the diagonal.

    Source:
        Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019.
    """
    items = training.liked.shape[1]
    # Items are indexed by popularity: those with two or more likers come first.
    count = min(EASE_ITEMS, int((training.likers >= 2).sum()))
    weights = _weights(training.liked[:, :count], ridge)

    def scorer(favourites: np.ndarray) -> np.ndarray:
        scores = np.zeros((len(favourites), items), np.float32)
        scores[:, :count] = one_hot(favourites, items)[:, :count] @ weights
        return scores

    return scorer


def _weights(liked: sp.csr_matrix, ridge: float) -> np.ndarray:
    """Returns [items, items] float32: minus the inverse, each column over its diagonal."""
    gram = np.asfortranarray((liked.T @ liked).toarray(), dtype=np.float32)
    gram[np.diag_indices(len(gram))] += ridge
    # The matrix is symmetric and positive definite: Cholesky takes half the time of LU.
    inverse, failed = scipy.linalg.lapack.spotri(
        scipy.linalg.cholesky(gram, lower=True, overwrite_a=True, check_finite=False),
        lower=True,
        overwrite_c=True,
    )
    if failed:
        raise scipy.linalg.LinAlgError(f"spotri: {failed}")
    inverse += np.tril(inverse, -1).T
    inverse /= -np.diag(inverse).copy()
    np.fill_diagonal(inverse, 0)
    return inverse
