"""Who is liked together: counts of pairs, made when they are needed and never all at once.

48 million likes of 385,000 songs have more than a billion pairs. What is kept is the greatest of
each row, and what is asked is the counts of given pairs; both are added up row by row.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from training.models.products import Ranking, greatest_of_product, work_of
from training.models.sparse_rows import counts_at
from training.progress import Progress


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
        if self._work[np.unique(f)].sum() > self._work[np.unique(i)].sum():
            f, i = i, f
        order = np.argsort(f, kind="stable")
        rows, starts = np.unique(f[order], return_index=True)
        found = np.empty((len(f), len(self._kind)), np.float32)
        found[order] = counts_at(
            np.append(starts, len(f)),
            rows.astype(np.int64),
            i[order].astype(np.int64),
            _pattern(self._of_column),
            _pattern(self._liked),
            self._weights,
            self._liked.shape[1],
        )
        return {power: found[:, kind] for power, kind in self._kind.items()}


def _pattern(table: sp.csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    return table.indptr.astype(np.int64, copy=False), table.indices.astype(np.int32, copy=False)
