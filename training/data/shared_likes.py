"""Visitors' likes that others share.

One visitor alone, or one machine that was not recognised, could have liked any two items. So a like
is used only if several people like the item together with another one that its session likes. The
people of the raw files count as sessions do: what they like together needs no second visitor.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import scipy.sparse as sp

from training.domains.domain import ITEM_ID, USER_ID

CHUNK = 2_000
"""Sessions whose likes are compared with all items at a time."""
MOST_CELLS = 20_000_000
"""Likes of the raw files that are compared at a time, about 12 bytes each."""


def shared_likes(likes: pd.DataFrame, raw: pd.DataFrame, least: int) -> pd.DataFrame:
    """Returns the likes of items that enough people like together with another of the session's.

    Args:
        likes: Of visitors: `USER_ID` (the session), `ITEM_ID`; each pair once.
        raw: Likes of the raw files: `USER_ID`, `ITEM_ID`; pairs may repeat.
        least: Least number of people, sessions and those of the raw files, who like both items of
            a pair; the session itself is one of them.
    """
    if likes.empty:
        return likes
    rows, _ = pd.factorize(likes[USER_ID].astype(str))
    columns, items = pd.factorize(likes[ITEM_ID].astype(str))
    mine = sp.csr_matrix((np.ones(len(likes), np.int32), (rows, columns)))
    enough = _enough(mine, _likers(raw, pd.Index(items)), least)
    supported = sp.vstack(
        [
            chunk.multiply(chunk @ enough)
            for chunk in (mine[at : at + CHUNK] for at in range(0, mine.shape[0], CHUNK))
        ],
        format="csr",
    )
    return likes[np.asarray(supported[rows, columns]).ravel() > 0]


def _likers(raw: pd.DataFrame, items: pd.Index) -> sp.csr_matrix:
    """Returns [items, people of the raw files] 0/1, as float32."""
    row = items.get_indexer(pd.Index(raw[ITEM_ID].astype(str)))
    person, people = pd.factorize(raw[USER_ID])
    known = (row >= 0) & (person >= 0)
    cells = (np.ones(known.sum(), np.float32), (row[known], person[known]))
    likers = sp.csr_matrix(cells, shape=(len(items), max(1, len(people))))
    likers.data[:] = 1  # a pair that repeats is one like
    return likers


def _enough(mine: sp.csr_matrix, likers: sp.csr_matrix, least: int) -> sp.csr_matrix:
    """Returns [items, items] 1 for the pairs that enough people like together."""
    pairs = sp.triu(mine.T @ mine, k=1, format="coo")
    counts = pairs.data.astype(np.int64)
    few = np.flatnonzero(counts < least)
    for some in _blocks(few, np.diff(likers.indptr)[pairs.row[few]]):
        both = likers[pairs.row[some]].multiply(likers[pairs.col[some]])
        counts[some] += np.asarray(both.sum(axis=1)).ravel().astype(np.int64)
    kept = counts >= least
    cells = (np.ones(kept.sum(), np.int32), (pairs.row[kept], pairs.col[kept]))
    upper = sp.csr_matrix(cells, shape=pairs.shape)
    return (upper + upper.T).tocsr()


def _blocks(places: np.ndarray, sizes: np.ndarray) -> Iterator[np.ndarray]:
    """Yields the places in blocks of at most `MOST_CELLS` cells, or of one place."""
    block = np.cumsum(sizes, dtype=np.int64) // MOST_CELLS
    starts = np.flatnonzero(np.diff(block)) + 1
    yield from np.split(places, starts)
