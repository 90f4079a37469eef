"""Who is liked together: counts of pairs, made when they are needed and never all at once.

48 million likes of 385,000 songs have more than a billion pairs. What is kept is the greatest of
each row, and what is asked is the counts of given pairs; both are added up row by row.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from training.models.products import Ranking, greatest_of_product, work_of
from training.models.sparse_rows import counts_at
from training.parallel.blocks import in_block
from training.parallel.engine import Shared
from training.progress import Progress

LEAST_WORK = 50_000_000
"""Least numbers to add up for which a cluster is asked: less takes a tenth of a second here."""


class CoLikes:
    """The weighted users who like both columns of a pair; 0 on the diagonal.

    Args:
        liked: [users, columns] 0/1.
        powers: Kinds of weights: a user with n columns counts ``n ** -power``.
    """

    def __init__(self, liked: sp.csr_matrix, powers: tuple[float, ...]) -> None:
        self._liked = liked if liked.has_sorted_indices else liked.sorted_indices()
        lengths = np.maximum(np.diff(liked.indptr), 1).astype(np.float32)
        self._weights = np.stack([lengths**-power for power in powers], axis=1)
        self._kind = {power: kind for kind, power in enumerate(powers)}
        self._of_column = liked.T.tocsr()
        self._work = work_of(self._of_column, np.diff(liked.indptr))
        columns = liked.shape[1]
        patterns = _pattern(self._of_column), _pattern(self._liked)
        self._shared = Shared((*patterns, self._weights, columns))

    def greatest(
        self, power: float, rankings: list[Ranking], *, progress: Progress | None = None
    ) -> list[sp.csr_matrix]:
        """Returns for each ranking the greatest counts of each row, see `greatest_of_product`."""
        left = self._of_column.astype(np.float32)
        left.data = self._weights[left.indices, self._kind[power]]
        right = self._liked.astype(np.float32, copy=False)
        return greatest_of_product(left, right, rankings, apart=True, progress=progress)

    def at(self, f: np.ndarray, i: np.ndarray) -> dict[float, np.ndarray]:
        """Returns by power [pairs] float32, the count of each pair (f, i)."""
        # A count does not depend on the order of a pair; its users are added up in their order.
        one, other = (self._work[np.unique(side)].sum() for side in (f, i))
        if one > other:
            f, i = i, f
        order = np.argsort(f, kind="stable")
        rows, starts = np.unique(f[order], return_index=True)
        block = np.append(starts, len(f)), rows.astype(np.int64), i[order].astype(np.int64)
        found = np.empty((len(f), len(self._kind)), np.float32)
        here = min(one, other) < LEAST_WORK
        found[order] = in_block(_counted, self._shared, block, here=here)
        return {power: found[:, kind] for power, kind in self._kind.items()}


_Pattern = tuple[np.ndarray, np.ndarray]
"""Ends of the rows and columns of a table of 0 and 1."""


def _counted(
    likes: tuple[_Pattern, _Pattern, np.ndarray, int],
    block: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> np.ndarray:
    of_column, of_user, weights, columns = likes
    return counts_at(*block, of_column, of_user, weights, columns)


def _pattern(table: sp.csr_matrix) -> _Pattern:
    return table.indptr.astype(np.int64, copy=False), table.indices.astype(np.int32, copy=False)
