"""Who is liked together: the sparse item-item tables behind neighbours, and the greatest of a row.

Memory is bounded by what is kept and not by what is counted: 33 million likes of 41,000 songs make
some 4 billion pairs.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from training.models.co_likes import CoLikes
from training.models.products import Ranking

MOST_PAIRS = 160_000_000
"""Most pairs kept of one table (8 bytes each); where fewer are counted, all of them are."""
BLOCK_CELLS = 40_000_000
"""Most cells of the blocks of rows that are pruned at a time."""


def together(liked: sp.csr_matrix, power: float, *, most_pairs: int = MOST_PAIRS) -> sp.csr_matrix:
    """Returns [columns, columns] the weighted co-likes of each pair; 0 on the diagonal.

    Args:
        liked: [users, columns] 0/1.
        power: A user with n columns counts ``n ** -power``.
        most_pairs: Of a table that would have more, every row keeps an equal part: the greatest
            counts, each divided by the root of its column's likers; of equal ones the first.
    """
    columns = liked.shape[1]
    likers = np.bincount(liked.indices, minlength=columns)
    damping = np.maximum(likers, 1).astype(np.float32) ** -0.5
    most = max(1, most_pairs // max(1, columns))
    (counts,) = CoLikes(liked, (power,)).greatest(power, [Ranking(most, column=damping)])
    return counts


def prune(table: sp.csr_matrix, most: int | np.ndarray) -> sp.csr_matrix:
    """Returns the table with the `most` greatest values of each row, or `most[row]` of them."""
    most = np.broadcast_to(most, table.shape[0])
    # Sorting takes several times a block's own memory.
    steps = np.arange(0, table.nnz, BLOCK_CELLS // 4)[1:]
    ends = np.unique(np.append(np.searchsorted(table.indptr, steps), table.shape[0]))
    blocks, start = [], 0
    for end in ends:
        blocks.append(_pruned(table[start:end], most[start:end]))
        start = end
    return sp.vstack(blocks, format="csr") if blocks else table.copy()


def _pruned(block: sp.csr_matrix, most: np.ndarray) -> sp.csr_matrix:
    lengths, kept = np.diff(block.indptr), np.ones(block.nnz, bool)
    longer = np.flatnonzero(lengths > most)
    # Rows of similar lengths are compared as one dense array: sorting all cells takes far longer.
    widths = 2 ** np.ceil(np.log2(np.maximum(lengths[longer], 1))).astype(np.int64)
    for width in np.unique(widths):
        rows = longer[widths == width]
        for some in np.array_split(rows, -(-len(rows) * width // (BLOCK_CELLS // 40 + 1))):
            row, column = np.nonzero(~_greatest(_dense(block, some, width), most[some]))
            inside = column < lengths[some[row]]
            kept[(block.indptr[some[row]] + column)[inside]] = False
    ends = np.append(0, np.cumsum(kept))[block.indptr]
    table = sp.csr_matrix((block.data[kept], block.indices[kept], ends), shape=block.shape)
    table.sort_indices()
    return table


def _dense(block: sp.csr_matrix, rows: np.ndarray, width: int) -> np.ndarray:
    """Returns [rows, width] the rows' values in the order of their cells, then minus infinity."""
    starts, lengths = block.indptr[rows, None], np.diff(block.indptr)[rows, None]
    places = np.arange(width, dtype=starts.dtype)
    values = block.data.take(starts + places, mode="clip")
    values[places >= lengths] = -np.inf
    return values


def _greatest(values: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Returns [rows, width] whether a value is among the `most[row]` of its row; first of equals.

    Args:
        values: [rows, width].
        most: [rows] less than width.
    """
    width = values.shape[1]
    least = np.sort(values, axis=1)[np.arange(len(values)), np.clip(width - most, 0, width - 1)]
    found = values >= least[:, None]
    found[most <= 0] = False
    for row in np.flatnonzero(found.sum(axis=1) > most):
        equal = np.flatnonzero(values[row] == least[row])
        found[row, equal[len(equal) - (found[row].sum() - most[row]) :]] = False
    return found
