"""Scores of all items for queries of favourites, and the ranked lists they make."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

Scorer = Callable[[np.ndarray], np.ndarray]
"""favourites [B, F] int32 padded with -1 -> scores [B, items] float32."""


def one_hot(favourites: np.ndarray, items: int) -> sp.csr_matrix:
    """Returns [B, items] float32, 1 at the favourites.

    Args:
        favourites: [B, F] int32, padded with -1.
        items: Number of items.
    """
    rows, places = np.nonzero(favourites >= 0)
    cells = (np.ones(len(rows), np.float32), (rows, favourites[rows, places]))
    return sp.csr_matrix(cells, shape=(len(favourites), items))


def rank_scores(
    scorer: Scorer, favourites: np.ndarray, results: int, batch: int = 256
) -> np.ndarray:
    """Ranks all items but the favourites by score; equal ones by index, hence by popularity.

    Args:
        scorer: What scores.
        favourites: [Q, F] int32, padded with -1.
        results: Length of the lists.
        batch: Queries scored at once.

    Returns:
        [Q, results] int32, best first; -1 where there are fewer items.
    """
    lists = []
    for start in range(0, len(favourites), batch):
        asked = favourites[start : start + batch]
        scores = np.array(scorer(asked))
        rows, places = np.nonzero(asked >= 0)
        scores[rows, asked[rows, places]] = -np.inf
        count = min(results, scores.shape[1])
        top = _greatest(scores, count)
        order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
        top = np.take_along_axis(top, order, axis=1)
        top[~np.isfinite(np.take_along_axis(scores, top, axis=1))] = -1
        lists.append(np.pad(top, ((0, 0), (0, results - count)), constant_values=-1))
    return np.concatenate(lists).astype(np.int32)


def _greatest(scores: np.ndarray, count: int) -> np.ndarray:
    """Returns [B, count] the places of each row's greatest, rising; of equal ones the first."""
    least = np.partition(scores, -count, axis=1)[:, -count, None]
    above, equal = scores > least, scores == least
    room = count - above.sum(axis=1, keepdims=True)
    equal &= np.cumsum(equal, axis=1, dtype=np.int32) <= room
    return np.nonzero(above | equal)[1].reshape(len(scores), count)
