"""Variety: the re-ranking of the routes (see docs/bundle.md), and metrics of similarity."""

from __future__ import annotations

import math

import numpy as np
import scipy.sparse as sp

POOL = 200
"""Number of best answers that are re-ranked."""


def diversified(
    items: np.ndarray,
    scores: np.ndarray,
    vectors: np.ndarray,
    creators: np.ndarray,
    diversity: float,
    limit: int,
) -> np.ndarray:
    """Chooses items that score well and differ from those already chosen.

    Args:
        items: [pool] int32 indices, best first, favourites and exclusions dropped.
        scores: [pool] float32, descending.
        vectors: [pool, D] float32 rows of length 1.
        creators: [items] int32, equal where the creator is the same; -1 where unknown.
        diversity: 0 (by score only) .. 1 (by dissimilarity only).
        limit: Number of items wanted.

    Returns:
        [at most limit] int32 indices.

    Source:
        Carbonell & Goldstein, "The use of MMR, diversity-based reranking for reordering documents
        and producing summaries", SIGIR 1998.
    """
    # JavaScript computes with 64 bits: fewer bits would make other values equal.
    items, scores, vectors = items[:POOL], scores[:POOL].astype(float), vectors[:POOL].astype(float)
    if not diversity or not len(items):
        return items[:limit]
    span = float(scores.max() - scores.min())
    relevance = (scores - scores.min()) / span if span else np.ones(len(items))
    mine = creators[items]
    alike = np.maximum(vectors @ vectors.T, 0)  # [pool, pool]
    alike[(mine[:, None] == mine[None]) & (mine[:, None] >= 0)] = 1
    most = max(1, math.floor((1 - diversity) * limit + 0.5))
    nearest, left = np.zeros(len(items)), np.ones(len(items), bool)
    chosen: list[int] = []
    while len(chosen) < limit and left.any():
        value = np.where(left, (1 - diversity) * relevance - diversity * nearest, -np.inf)
        pick = int(np.argmax(value))
        left[pick] = False
        if mine[pick] >= 0 and (mine[chosen] == mine[pick]).sum() >= most:
            continue
        chosen.append(pick)
        nearest = np.maximum(nearest, alike[pick])
    skipped = [i for i in range(len(items)) if i not in set(chosen)]
    return items[(chosen + skipped)[:limit]]


def likeness_of(liked: sp.csr_matrix) -> sp.csr_matrix:
    """Returns [items, users] float32 rows of length 1, whose products are cosines of likers.

    Args:
        liked: [users, items] 0/1.
    """
    likers = np.sqrt(np.maximum(np.asarray(liked.sum(axis=0)).ravel(), 1))
    return (sp.diags((1 / likers).astype(np.float32)) @ liked.T).tocsr()


def intra_list_similarity(ranked: np.ndarray, likeness: sp.csr_matrix) -> np.ndarray:
    """Mean cosine of the likers over all pairs of items of each list.

    Args:
        ranked: [users, k] int32, -1 where the list has ended.
        likeness: [items, train users] rows of length 1, of `likeness_of`.

    Returns:
        [users] float64 in 0..1; 0 for a list of fewer than two items.

    Source:
        Ziegler et al., "Improving Recommendation Lists Through Topic Diversification", WWW 2005.
    """
    rows, places = np.nonzero(ranked >= 0)
    cells = (np.ones(len(rows), np.float32), (rows, ranked[rows, places]))
    lists = sp.csr_matrix(cells, shape=(len(ranked), likeness.shape[0]))
    known = (lists @ likeness.multiply(likeness).sum(axis=1)).A1.astype(float)
    sums = lists @ likeness
    squares = np.asarray(sums.multiply(sums).sum(axis=1)).ravel()
    count = np.diff(lists.indptr)
    pairs = count * (count - 1)
    return np.where(pairs > 0, (squares - known) / np.maximum(pairs, 1), 0)


def share_of_one_creator(ranked: np.ndarray, creators: np.ndarray) -> np.ndarray:
    """Returns [users] float64, the share of each list that its most frequent creator has.

    Args:
        ranked: [users, k] int32, -1 where the list has ended.
        creators: [items] int32, -1 where unknown; unknown ones are all different.
    """
    shares = []
    for row in ranked:
        mine = creators[row[row >= 0]]
        known = mine[mine >= 0]
        most = int(np.bincount(known).max()) if len(known) else min(1, len(mine))
        shares.append(most / max(1, len(mine)))
    return np.array(shares)


def mean_popularity(ranked: np.ndarray, likers: np.ndarray) -> np.ndarray:
    """Returns [users] float64, the mean popularity rank of each list, 1 for the most liked item.

    Args:
        ranked: [users, k] int32, -1 where the list has ended.
        likers: [items] number of likers among the train users.
    """
    place = 1 - np.argsort(np.argsort(-likers, kind="stable")) / len(likers)
    real = ranked >= 0
    return np.where(real, place[ranked], 0).sum(axis=1) / np.maximum(real.sum(axis=1), 1)
