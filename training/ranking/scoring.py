"""Scores of all items for queries of favourites, and the ranked lists they make."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from training.parallel.blocks import in_blocks
from training.parallel.engine import Shared

PIECE = 256
"""Length of the pieces of a row whose greatest values bound the greatest of the row."""
LEAST_BLOCKS = 4
"""Least blocks for which a cluster is asked: a scorer is as large as what it learned."""
Scores = np.ndarray | sp.csr_matrix
"""[B, items] float32; sparse where most are 0, and then none is negative."""
Scorer = Callable[[np.ndarray], Scores]
"""favourites [B, F] int32 padded with -1 -> scores [B, items]."""


def one_hot(favourites: np.ndarray, items: int) -> sp.csr_matrix:
    """Returns [B, items] float32, 1 at the favourites.

    Args:
        favourites: [B, F] int32, padded with -1.
        items: Number of items.
    """
    rows, places = np.nonzero(favourites >= 0)
    cells = (np.ones(len(rows), np.float32), (rows, favourites[rows, places]))
    return sp.csr_matrix(cells, shape=(len(favourites), items))


def dense(scores: Scores) -> np.ndarray:
    """Returns the scores as an array."""
    return scores if isinstance(scores, np.ndarray) else scores.toarray()


def rank_scores(
    scorer: Scorer, favourites: np.ndarray, results: int, batch: int = 256
) -> np.ndarray:
    """Ranks all items but the favourites by score; equal ones by index, hence by popularity.

    Args:
        scorer: Scores the items.
        favourites: [Q, F] int32, padded with -1.
        results: Length of the lists.
        batch: Queries scored at once.

    Returns:
        [Q, results] int32, best first; -1 where there are fewer items.
    """
    lists = np.full((len(favourites), results), -1, np.int32)
    starts = range(0, len(favourites), batch)
    blocks = [favourites[start : start + batch] for start in starts]
    shared, here = Shared((scorer, results)), len(blocks) < LEAST_BLOCKS
    # Here one at a time: the scores of a block take up to a gigabyte.
    ranked = in_blocks(_ranked, shared, blocks, here=here, most_here=1)
    for start, found in zip(starts, ranked, strict=True):
        lists[start : start + batch, : found.shape[1]] = found
    return lists


def _ranked(ranking: tuple[Scorer, int], favourites: np.ndarray) -> np.ndarray:
    scorer, results = ranking
    scores = scorer(favourites)
    count = min(results, scores.shape[1])
    if isinstance(scores, np.ndarray):
        return _rank_dense(scores, favourites, count)
    return _rank_sparse(scores, favourites, count)


def _rank_dense(scores: np.ndarray, favourites: np.ndarray, count: int) -> np.ndarray:
    scores = np.array(scores)
    rows, places = np.nonzero(favourites >= 0)
    scores[rows, favourites[rows, places]] = -np.inf
    top = _greatest(scores, count)
    order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
    top = np.take_along_axis(top, order, axis=1)
    top[~np.isfinite(np.take_along_axis(scores, top, axis=1))] = -1
    return top


def _greatest(scores: np.ndarray, count: int) -> np.ndarray:
    """Returns [B, count] the places of each row's greatest, ascending; of equal ones the first."""
    places = np.empty((len(scores), count), np.int64)
    for row, (values, bound) in enumerate(zip(scores, _bounds(scores, count), strict=True)):
        able = np.flatnonzero(values >= bound)
        worth = values[able]
        least = np.partition(worth, -count)[-count]
        above, equal = np.flatnonzero(worth > least), np.flatnonzero(worth == least)
        chosen = np.concatenate([above, equal[: count - len(above)]])
        places[row] = able[np.sort(chosen)]
    return places


def _bounds(scores: np.ndarray, count: int) -> np.ndarray:
    """Returns [B] a value that at least `count` of each row reach, and few more.

    It is the `count`-th greatest of the greatest of some pieces of the row: looking for these is
    many times as fast as sorting all values.
    """
    pieces = scores.shape[1] // PIECE
    if pieces < count:
        return np.full(len(scores), -np.inf, scores.dtype)
    whole = scores[:, : pieces * PIECE].reshape(len(scores), pieces, PIECE)
    return np.partition(whole.max(axis=2), -count, axis=1)[:, -count]


def _rank_sparse(scores: sp.csr_matrix, favourites: np.ndarray, count: int) -> np.ndarray:
    """Ranks the items with a score, then the others by index, as dense scores are ranked."""
    ranked = np.full((len(favourites), count), -1, np.int32)
    for row, (start, end) in enumerate(zip(scores.indptr, scores.indptr[1:], strict=False)):
        items, values = scores.indices[start:end], scores.data[start:end]
        kept = (values > 0) & ~np.isin(items, favourites[row])
        items, values = items[kept], values[kept]
        if len(items) > count:
            greatest = values >= np.partition(values, -count)[-count]
            items, values = items[greatest], values[greatest]
        best = items[np.lexsort((items, -values))][:count]
        ranked[row, : len(best)] = best
        if len(best) < count:
            others = np.arange(min(scores.shape[1], count + favourites.shape[1]))
            others = others[~np.isin(others, best) & ~np.isin(others, favourites[row])]
            others = others[: count - len(best)]
            ranked[row, len(best) : len(best) + len(others)] = others
    return ranked
