"""Metrics of a ranking, one value per user."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

Rank = np.ndarray
"""[users, results] int32 item indices, best first, -1 where the list has ended."""


def hits(ranked: Rank, targets: sp.csr_matrix) -> np.ndarray:
    """Returns [users, results] bool: whether the item at that place is one of the user's targets.

    Args:
        ranked: [users, results] int32, -1 where the list has ended.
        targets: [users, items] 1 where the item is a target.
    """
    # One sorted list of (user, item) keys: a lookup without a dense matrix.
    items = targets.shape[1]
    row = np.repeat(np.arange(targets.shape[0], dtype=np.int64), np.diff(targets.indptr))
    wanted = np.sort(row * items + targets.indices)
    keys = np.arange(len(ranked), dtype=np.int64)[:, None] * items + ranked
    wanted = np.append(wanted, -1)  # a sentinel beyond the last key
    return (ranked >= 0) & (wanted[np.searchsorted(wanted[:-1], keys)] == keys)


def _checked(ranked: Rank, k: int) -> None:
    if not 1 <= k <= ranked.shape[1]:
        raise ValueError(f"k must be 1..{ranked.shape[1]}, not {k}")


def recall_at(ranked: Rank, targets: sp.csr_matrix, k: int) -> np.ndarray:
    """Share of each user's targets that are among the first k.

    Args:
        ranked: [users, results] int32 item indices, best first.
        targets: [users, items] 0/1, the held-out items.
        k: Cut-off, 1..results.

    Returns:
        [users] float64 in 0..1; the denominator is min(k, number of targets). A user without
        targets has 0.

    Raises:
        ValueError: k lies outside 1..results.

    Source:
        Liang et al., "Variational Autoencoders for Collaborative Filtering", WWW 2018, section 4.2.
    """
    _checked(ranked, k)
    found = hits(ranked[:, :k], targets).sum(axis=1)
    return found / np.clip(np.diff(targets.indptr), 1, k)


def ndcg_at(ranked: Rank, targets: sp.csr_matrix, k: int) -> np.ndarray:
    """Normalised discounted cumulative gain at k with gains of 0 and 1.

    Args:
        ranked: [users, results] int32 item indices, best first.
        targets: [users, items] 0/1, the held-out items.
        k: Cut-off, 1..results.

    Returns:
        [users] float64 in 0..1; 1 where the first min(k, number of targets) are all targets. A
        user without targets has 0.

    Raises:
        ValueError: k lies outside 1..results.

    Source:
        Järvelin & Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002.
    """
    _checked(ranked, k)
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    gain = hits(ranked[:, :k], targets) @ discount
    ideal = np.cumsum(discount)[np.clip(np.diff(targets.indptr), 1, k) - 1]
    return gain / ideal


def hit_at(ranked: Rank, targets: sp.csr_matrix, k: int) -> np.ndarray:
    """Returns [users] float64: 1 where one of the first k is a target, else 0.

    Raises:
        ValueError: k lies outside 1..results.
    """
    _checked(ranked, k)
    return hits(ranked[:, :k], targets).any(axis=1).astype(np.float64)


def coverage_at(ranked: Rank, items: int, k: int) -> float:
    """Returns the share, 0..1, of all items that are among any user's first k.

    Raises:
        ValueError: k lies outside 1..results.
    """
    _checked(ranked, k)
    shown = np.unique(ranked[:, :k])
    return float((shown >= 0).sum() / items)


def without(ranked: Rank, favourites: np.ndarray, results: int) -> Rank:
    """Drops each user's favourites from the user's list.

    Args:
        ranked: [users, n] int32, best first, -1 where the list has ended.
        favourites: [users, F] int32, padded with -1.
        results: Length of the lists returned.

    Returns:
        [users, results] int32, in the same order, filled up with -1.
    """
    kept = (ranked >= 0) & ~(ranked[:, :, None] == favourites[:, None, :]).any(axis=2)
    order = np.argsort(~kept, axis=1, kind="stable")[:, :results]
    lists = np.where(
        np.take_along_axis(kept, order, axis=1), np.take_along_axis(ranked, order, axis=1), -1
    )
    short = results - lists.shape[1]
    return np.pad(lists, ((0, 0), (0, max(0, short))), constant_values=-1)
