"""SANSA: the weights of EASE from two sparse factors of an approximate inverse.

The Gram matrix G of the items, with a ridge, is factored as U D Uᵀ, with U unit triangular; its
greatest cells are kept, and what is left is inverted approximately within the same size. With
K = U⁻¹ the inverse of G is Kᵀ D⁻¹ K, and two sparse products answer a query. Rare items are
eliminated first, which leaves the dense rest to the popular ones.

The factor is exact before it is cut, as in the paper's experiments, by LAPACK in a dense array, so
at the sizes of this project a fit costs about what EASE costs: what is small is the model. The
authors' incomplete factor for millions of items, cut while it is made, was tried here: on a dense
Gram matrix it reached .32 of NDCG@100 where the exact one reached .51.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg
import scipy.sparse as sp

from training.evaluation.baselines.linear import EASE_ITEMS
from training.evaluation.baselines.peer import Training
from training.ranking.scoring import Scorer, one_hot

STEPS = 3
"""Steps of minimal residuals: with three the residual's norm is below 1 % of the identity's."""
BLOCK = 4096
"""Columns that a step improves at a time."""


def sansa(training: Training, *, ridge: float, neighbours: int) -> Scorer:
    """Linear item weights as of EASE, over items that two or more like.

    Args:
        training: What to learn from; items beyond `EASE_ITEMS` are left out, the rarest first.
        ridge: Added to the diagonal of the Gram matrix.
        neighbours: Mean number of weights of an item in each of both factors, besides its own.

    Source:
        Spišák et al., "Scalable Approximate NonSymmetric Autoencoder for Collaborative Filtering",
        RecSys 2023.
    """
    items = training.liked.shape[1]
    # Items are indexed by popularity: those with two or more likers come first.
    count = min(EASE_ITEMS, int((training.likers >= 2).sum()))
    left, right = weights(training.liked[:, :count], ridge, neighbours)

    def scorer(favourites: np.ndarray) -> np.ndarray:
        scores = np.zeros((len(favourites), items), np.float32)
        scores[:, :count] = (one_hot(favourites, items)[:, :count] @ left @ right).toarray()
        return scores

    return scorer


def weights(
    liked: sp.csr_matrix, ridge: float, neighbours: int
) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """Returns two [items, items] factors; their product is off the diagonal what EASE computes.

    Args:
        liked: [users, items] 0/1, the most liked item first.
        ridge: Added to the diagonal of the Gram matrix.
        neighbours: Mean number of weights of an item in each of both factors, besides its own.
    """
    most = neighbours * liked.shape[1]
    factor, pivots = _factored(liked, ridge, most)
    inverse = _inverse(factor, most)
    scaled = (sp.diags(1 / pivots) @ inverse).tocsr()
    diagonal = np.asarray(inverse.multiply(scaled).sum(axis=0)).ravel()
    right = scaled @ sp.diags(-1 / diagonal)
    return inverse.T.tocsr().astype(np.float32), right.tocsr().astype(np.float32)


def _factored(liked: sp.csr_matrix, ridge: float, most: int) -> tuple[sp.csc_matrix, np.ndarray]:
    """Returns the greatest `most` cells of U above its diagonal, and [items] the diagonal of D.

    Args:
        liked: [users, items] 0/1.
        ridge: Added to the diagonal of the Gram matrix.
        most: Most cells.
    """
    rarest_first = liked[:, ::-1]
    gram = np.asfortranarray((rarest_first.T @ rarest_first).toarray(), dtype=np.float32)
    gram[np.diag_indices(len(gram))] += ridge
    lower = scipy.linalg.cholesky(gram, lower=True, overwrite_a=True, check_finite=False)
    pivots = np.diag(lower).copy()
    np.fill_diagonal(lower, 0)
    lower /= pivots
    above = sp.csc_matrix(_only_greatest(lower, most)[::-1, ::-1])
    return above, pivots[::-1].astype(np.float64) ** 2


def _only_greatest(cells: np.ndarray, most: int) -> np.ndarray:
    """Returns the array with its `most` greatest values, by size; the others are set to 0."""
    if np.count_nonzero(cells) > most:
        least = np.partition(np.abs(cells), cells.size - most, axis=None)[cells.size - most]
        cells[np.abs(cells) < least] = 0
    return cells


def _inverse(above: sp.csc_matrix, most: int) -> sp.csr_matrix:
    """Returns [items, items] about the inverse of U, with `most` cells beside the diagonal.

    Each step moves every column along its residual as far as makes that least.

    Args:
        above: The part of U above its diagonal.
        most: Most cells.

    Source:
        Chow & Saad, "Approximate Inverse Preconditioners via Sparse-Sparse Iterations", SIAM J.
        Sci. Comput. 19 (1998).
    """
    items = above.shape[0]
    identity = sp.identity(items, np.float32, format="csc")
    factor, inverse = (identity + above).tocsc(), (identity - above).tocsc()
    for _ in range(STEPS):
        blocks = []
        for start in range(0, items, BLOCK):
            part = slice(start, start + BLOCK)
            moved = _moved(factor, inverse[:, part], identity[:, part])
            # Only the whole decides what is kept: a block may need more than its share.
            blocks.append(_strongest(moved, 2 * most * moved.shape[1] // items + 1))
        inverse = _strongest(sp.hstack(blocks, format="csc"), most + items)
    return inverse.tocsr()


def _moved(factor: sp.csc_matrix, inverse: sp.csc_matrix, identity: sp.csc_matrix) -> sp.csc_matrix:
    residual = (identity - factor @ inverse).tocsc()
    effect = (factor @ residual).tocsc()
    along = np.asarray(residual.multiply(effect).sum(axis=0)).ravel()
    square = np.asarray(effect.multiply(effect).sum(axis=0)).ravel()
    length = np.where(square > 0, along / np.where(square > 0, square, 1), 0)
    return (inverse + residual @ sp.diags(length.astype(np.float32))).tocsc()


def _strongest(table: sp.csc_matrix, most: int) -> sp.csc_matrix:
    """Returns the table with its `most` greatest values, by size."""
    if table.nnz > most:
        less = table.nnz - most
        table.data[np.argpartition(np.abs(table.data), less)[:less]] = 0
        table.eliminate_zeros()
    return table
