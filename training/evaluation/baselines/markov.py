"""A sparse Markov random field: linear item weights, each item regressed on its nearest alone."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from training.evaluation.baselines.peer import Training
from training.models.cooccurrence import prune, together
from training.ranking.scoring import Scorer, one_hot

POWER = 0.75
"""Power of the variances by which covariances are divided; the paper's choice."""
SHARED = "together"


def mrf(training: Training, *, ridge: float, neighbours: int) -> Scorer:
    """Linear weights whose sparsity pattern comes from the scaled covariances; rr = 0.

    Args:
        training: What to learn from.
        ridge: Added to the diagonal of the scaled covariances.
        neighbours: Most items on which an item is regressed.

    Source:
        Steck, "Markov Random Fields for Collaborative Filtering", NeurIPS 2019.
    """
    if SHARED not in training.shared:
        training.shared[SHARED] = together(training.liked, 0.0)
    both = training.shared[SHARED]
    table = weights(both, training.likers, training.liked.shape[0], ridge, neighbours)
    return lambda favourites: (one_hot(favourites, table.shape[0]) @ table).toarray()


def weights(
    both: sp.csr_matrix, likers: np.ndarray, users: int, ridge: float, neighbours: int
) -> sp.csr_matrix:
    """Returns [items, items] float32: how much a favourite (row) raises an item (column).

    Args:
        both: [items, items] how many like both, 0 on the diagonal; its columns are sorted.
        likers: [items] how many like each.
        users: How many there are.
        ridge: Added to the diagonal of the scaled covariances.
        neighbours: Most items on which an item is regressed.
    """
    variance = np.maximum(likers - likers.astype(np.float64) ** 2 / users, 1e-9)
    scale = variance ** (POWER / 2)
    nearest = prune(_covariances(both, likers, users, scale), neighbours)
    diagonal = variance / scale**2 + ridge
    rows, columns, values = [], [], []
    for item in np.flatnonzero(np.diff(nearest.indptr)):
        near = np.sort(nearest.indices[nearest.indptr[item] : nearest.indptr[item + 1]])
        found = _regressed(both, likers, users, scale, diagonal, int(item), near)
        rows.append(near)
        columns.append(np.full(len(near), item))
        values.append(found * scale[item] / scale[near])
    if not rows:  # nobody likes two items
        return both.astype(np.float32)
    cells = (np.concatenate(rows), np.concatenate(columns))
    data = np.concatenate(values).astype(np.float32)
    return sp.csr_matrix((data, cells), shape=both.shape)


def _covariances(
    both: sp.csr_matrix, likers: np.ndarray, users: int, scale: np.ndarray
) -> sp.csr_matrix:
    """Returns the scaled covariances, in size, of the pairs that somebody likes together."""
    row = np.repeat(np.arange(both.shape[0]), np.diff(both.indptr))
    values = both.data - likers[row] * likers[both.indices] / users
    values = np.abs(values) / (scale[row] * scale[both.indices])
    return sp.csr_matrix((values, both.indices, both.indptr), shape=both.shape)


def _regressed(
    both: sp.csr_matrix,
    likers: np.ndarray,
    users: int,
    scale: np.ndarray,
    diagonal: np.ndarray,
    item: int,
    near: np.ndarray,
) -> np.ndarray:
    """Returns [near], the ridge regression of an item on its nearest, in scaled units.

    It equals minus a column of the inverse over these items and the item itself, divided by its
    diagonal.
    """
    counts = both[near]
    among = counts[:, near].toarray() - np.outer(likers[near], likers[near]) / users
    among /= np.outer(scale[near], scale[near])
    np.fill_diagonal(among, diagonal[near])
    shared = np.asarray(counts[:, [item]].toarray()).ravel() - likers[near] * likers[item] / users
    return np.linalg.solve(among, shared / (scale[near] * scale[item]))
