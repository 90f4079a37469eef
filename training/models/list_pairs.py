"""Statistics of pairs for a field with several values an item, such as genres.

They have the names and the meaning of those in `training.models.group_pairs`: "the same" is the
cosine of two items' values, and what is known of a value is averaged over an item's values.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from training.models.co_likes import CoLikes
from training.models.cooccurrence import prune
from training.models.products import Ranking
from training.models.sparse_rows import dots, rows_of

NEAR = 50
"""Most other values kept of each that the same users like."""


class ListStatistics:
    """Co-liking between the values of a field that has several values an item.

    Args:
        liked: [users, items] 0/1.
        counted: The same, with a limit on each user's likes.
        values: [items, values] 0/1.
    """

    def __init__(self, liked: sp.csr_matrix, counted: sp.csr_matrix, values: sp.csr_matrix) -> None:
        self.values = values
        count = np.diff(values.indptr)
        self.known = count > 0
        self.mean = (sp.diags(1 / np.maximum(count, 1)) @ values).tocsr().astype(np.float32)
        self._cosine = (sp.diags(np.maximum(count, 1) ** -0.5) @ values).tocsr().astype(np.float32)
        likes = np.asarray(values.T @ np.asarray(liked.sum(axis=0)).ravel()).ravel()
        size = np.asarray(values.sum(axis=0)).ravel()
        fans = np.asarray(ones(liked @ values).sum(axis=0)).ravel()
        self.likes, self.size, self.fans = (self.mean @ of for of in (likes, size, fans))
        self.per_item = self.mean @ (likes / np.maximum(size, 1))
        (near,) = CoLikes(ones(counted @ values), (0.5,)).greatest(0.5, [Ranking(NEAR)])
        self._near = (self.mean @ near).tocsr()
        self._nearest = prune((near @ sp.diags(1 / (fans + 5))).tocsr(), 8)

    def both(self, f: np.ndarray, i: np.ndarray) -> np.ndarray:
        """Returns [pairs] how many like values of both, averaged over them."""
        return products(self._near, self.mean, f, i)

    def features(
        self, name: str, f: np.ndarray, i: np.ndarray, both: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Returns [pairs] by name: how much the values are the same, how likers overlap."""
        known, same = self.known[f] & self.known[i], products(self._cosine, self._cosine, f, i)
        expected = (self.fans[f] + 5) * (self.fans[i] + 5)
        return {
            f"same {name}": same,
            f"unknown {name}": ~known,
            f"likes of the same {name}": same * np.log1p(self.likes[i]),
            f"items of the same {name}": same * np.log1p(self.size[i]),
            f"{name} both": np.log1p(3 * both),
            f"{name} lift": np.log(both / expected * 1e4 + 1e-2),
            f"likes of {name}": known * np.log1p(self.likes[i]),
        }

    def record(
        self, name: str, f: np.ndarray, i: np.ndarray, both: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Returns [pairs] by name: how popular an item's values are, how near the favourite's."""
        return {
            f"unknown {name} of the favourite": ~self.known[f],
            f"items of {name}": self.known[i] * np.log1p(self.size[i]),
            f"mean likes of {name}": self.known[i] * np.log1p(self.per_item[i]),
            f"{name} chance": np.log(both / (self.fans[f] + 5) + 1e-3) + 7,
        }

    def likes_of(self, i: np.ndarray) -> np.ndarray:
        """Returns [pairs] the likes of items with the values of an item, averaged over them."""
        return np.asarray(self.likes[i])

    def neighbours(self, likers: np.ndarray) -> list[sp.csr_matrix]:
        """Returns [items, items] tables: most liked items of the same values, of similar ones."""
        by_value = self._by_value(likers + 0.01)
        return [
            prune((self.mean @ prune(by_value, 40)).tocsr(), 40),
            prune((self.mean @ (self._nearest @ prune(by_value, 5))).tocsr(), 40),
        ]

    def new_neighbours(self, likers: np.ndarray) -> list[sp.csr_matrix]:
        """Returns the same for items that nobody likes yet."""
        by_value = self._by_value((likers == 0).astype(np.float32))
        return [prune((self.mean @ prune(by_value, 40)).tocsr(), 20)]

    def _by_value(self, weights: np.ndarray) -> sp.csr_matrix:
        """Returns [values, items] the weights of each value's items, those above 0.

        An item with few values stands for each of them more than one with many.
        """
        table = sp.csr_matrix(self.mean.T.multiply(weights[None]))
        table.eliminate_zeros()
        return table


def has_lists(values: sp.csr_matrix) -> bool:
    """Whether an item has more than one value."""
    return bool((np.diff(values.indptr) > 1).any())


def products(left: sp.csr_matrix, right: sp.csr_matrix, f: np.ndarray, i: np.ndarray) -> np.ndarray:
    """Returns [pairs] float32, the product of row f of one table and row i of the other."""
    return dots(rows_of(left), rows_of(right), f.astype(np.int64), i.astype(np.int64))


def ones(counts: sp.csr_matrix) -> sp.csr_matrix:
    """Returns the table with 1 in place of every value."""
    counts = sp.csr_matrix(counts, dtype=np.float32)
    counts.data = np.ones_like(counts.data)
    return counts
