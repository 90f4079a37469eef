"""Statistics of pairs for a field with one value an item, such as the creator."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import scipy.sparse as sp

from training.models.co_likes import CoLikes
from training.models.cooccurrence import prune
from training.models.list_pairs import ones
from training.models.products import Ranking

log1p = np.log1p
NOTHING = np.log(1e-2)
"""Logarithm of a lift that no user supports."""


class GroupStatistics:
    """Co-liking between the values of a field that has one value an item.

    Args:
        liked: [users, items] 0/1.
        counted: The same, capped.
        values: [items, values] 0/1.
    """

    def __init__(self, liked: sp.csr_matrix, counted: sp.csr_matrix, values: sp.csr_matrix) -> None:
        known = np.diff(values.indptr) > 0
        self.of = np.full(values.shape[0], -1)
        self.of[known] = values.indices[values.indptr[:-1][known]]
        self.values = values
        self.likes = np.asarray(values.T @ np.asarray(liked.sum(axis=0)).ravel()).ravel()
        self.size = np.asarray(values.sum(axis=0)).ravel()
        self.fans = np.asarray(ones(liked @ values).sum(axis=0)).ravel()
        self._together = CoLikes(ones(counted @ values), (0.5,))

    def both(self, f: np.ndarray, i: np.ndarray) -> np.ndarray:
        """Returns [pairs] how many like both values; 0 where they are the same or unknown."""
        a, b = self.of[f], self.of[i]
        counts = self._together.at(np.maximum(a, 0), np.maximum(b, 0))[0.5]
        return np.where((a >= 0) & (b >= 0), counts, 0)

    def features(
        self, name: str, f: np.ndarray, i: np.ndarray, both: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Returns [pairs] by name: the same value or not, and how their likers overlap."""
        a, b = self.of[f], self.of[i]
        known = (a >= 0) & (b >= 0)
        same = known & (a == b)
        a, b = np.maximum(a, 0), np.maximum(b, 0)
        expected = (self.fans[a] + 5) * (self.fans[b] + 5)
        return {
            f"same {name}": same,
            f"unknown {name}": ~known,
            f"likes of the same {name}": same * log1p(self.likes[b]),
            f"items of the same {name}": same * log1p(self.size[b]),
            f"{name} both": log1p(3 * both),
            f"{name} lift": np.where(both > 0, np.log(both / expected * 1e4 + 1e-2), NOTHING),
            f"likes of {name}": known * log1p(self.likes[b]),
        }

    def record(
        self, name: str, f: np.ndarray, i: np.ndarray, both: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Returns [pairs] by name: how popular an item's value is, how near the favourite's."""
        a, b = self.of[f], self.of[i]
        has, a, b = b >= 0, np.maximum(a, 0), np.maximum(b, 0)
        return {
            f"unknown {name} of the favourite": self.of[f] < 0,
            f"items of {name}": has * log1p(self.size[b]),
            f"mean likes of {name}": has * log1p(self.likes[b] / np.maximum(self.size[b], 1)),
            f"{name} chance": np.log(both / (self.fans[a] + 5) + 1e-3) + 7,
        }

    def likes_of(self, i: np.ndarray) -> np.ndarray:
        """Returns [pairs] the likes of items with an item's value."""
        return np.asarray(self.likes[self.of[i]])

    def neighbours(self, likers: np.ndarray) -> list[sp.csr_matrix]:
        """Returns [items, items] tables: most liked items of the same value, of similar ones."""
        by_value = self._by_value(likers + 0.01)
        return [
            (self.values @ prune(by_value, 40)).tocsr(),
            (self.values @ (prune(self._near, 8) @ prune(by_value, 5))).tocsr(),
        ]

    def new_neighbours(self, likers: np.ndarray) -> list[sp.csr_matrix]:
        """Returns the same for items that nobody likes yet, which are the last among the others."""
        by_value = self._by_value((likers == 0).astype(np.float32))
        return [
            (self.values @ prune(by_value, 20)).tocsr(),
            (self.values @ (self._near @ prune(by_value, 5))).tocsr(),
        ]

    @cached_property
    def _near(self) -> sp.csr_matrix:
        """[values, values] by chance that who likes one likes the other, the greatest 20."""
        chance = 1 / (self.fans + 5)
        (near,) = self._together.greatest(0.5, [Ranking(20, column=chance)])
        near.data *= chance[near.indices]
        return near

    def _by_value(self, weights: np.ndarray) -> sp.csr_matrix:
        """Returns [values, items] the weights of each value's items, those above 0."""
        table = sp.csr_matrix(self.values.T.multiply(weights[None]))
        table.eliminate_zeros()
        return table
