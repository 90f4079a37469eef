"""Who is liked together: the sparse item-item tables behind neighbours, and the greatest of a row.

Memory is bounded by what is kept and not by what is counted: 33 million likes of 41,000 songs make
some 4 billion pairs.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from training.models.co_likes import CoLikes
from training.models.products import Ranking
from training.models.sparse_rows import greatest_of_table, rows_of

MOST_PAIRS = 160_000_000
"""Most pairs kept of one table (8 bytes each); where fewer are counted, all of them are."""


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
    """Returns the table with the `most` greatest values of each row, or `most[row]` of them.

    Of equal values those of the first columns are kept.
    """
    table = table if table.has_sorted_indices else table.sorted_indices()
    ends, columns, _ = rows_of(table)
    lengths = np.minimum(np.diff(ends), np.maximum(most, 0))
    kept = np.concatenate([[0], np.cumsum(lengths)])
    columns, cells = greatest_of_table((ends, columns, table.data), kept)
    found = sp.csr_matrix((table.data[cells], columns, kept), shape=table.shape)
    found.has_sorted_indices = True
    return found
