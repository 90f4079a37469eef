"""Statistics of pairs (favourite, item): common likers, creators, similarity of the titles.

They are the inputs of `training.models.pair_network`.
"""

from __future__ import annotations

from functools import cached_property
from itertools import islice

import numpy as np
import scipy.sparse as sp

from training.data.features import ItemFeatures
from training.models.co_likes import CoLikes
from training.models.cooccurrence import prune
from training.models.list_pairs import ListStatistics, has_lists, ones, products
from training.models.products import Ranking, greatest_of_product
from training.models.sparse_rows import rows_of, values_at
from training.progress import Progress

log1p = np.log1p
USER_POWERS = (0.0, 0.5, 1.0)
"""A user with n likes counts n ** -power for each pair: three views of the same counts."""
NEAR, STEPS, WALKS = 120, 50, 300
"""Most items liked together with an item, first steps of a walk from it, and ends of a walk."""
NOTHING = np.log(1e-2)
"""Logarithm of a lift that no user supports."""


def capped(liked: sp.csr_matrix, most: int, rng: np.random.Generator) -> sp.csr_matrix:
    """Returns the users with two or more likes, at most `most` likes of each, drawn at random.

    A user with n likes makes n² pairs: a few users would dominate the counts and the memory.
    """
    lengths, draws = np.diff(liked.indptr), rng.random(liked.nnz)
    kept = np.repeat(lengths > 1, lengths)
    # Few users have more likes than are kept: sorting the others' too would take far longer.
    for user in np.flatnonzero(lengths > most):
        mine = slice(liked.indptr[user], liked.indptr[user + 1])
        kept[mine][np.argsort(draws[mine], kind="stable")[most:]] = False
    ends = np.append(0, np.cumsum(np.minimum(lengths[lengths > 1], most)))
    cells = (np.ones(ends[-1], np.float32), liked.indices[kept], ends)
    found = sp.csr_matrix(cells, shape=(len(ends) - 1, liked.shape[1]))
    found.sort_indices()
    return found


def at(matrix: sp.csr_matrix, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Returns [pairs] float32, the matrix's value at each (row, column)."""
    return values_at(rows_of(matrix), rows.astype(np.int64), columns.astype(np.int64))


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

    def features(self, name: str, f: np.ndarray, i: np.ndarray) -> dict[str, np.ndarray]:
        """Returns [pairs] by name: the same value or not, and how their likers overlap."""
        a, b = self.of[f], self.of[i]
        known = (a >= 0) & (b >= 0)
        same = known & (a == b)
        a, b = np.maximum(a, 0), np.maximum(b, 0)
        both = np.where(known & ~same, self._together.at(a, b)[0.5], 0)
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

    def record(self, name: str, f: np.ndarray, i: np.ndarray) -> dict[str, np.ndarray]:
        """Returns [pairs] by name: how popular an item's value is, how near the favourite's."""
        a, b = self.of[f], self.of[i]
        known, has = (a >= 0) & (b >= 0), b >= 0
        a, b = np.maximum(a, 0), np.maximum(b, 0)
        both = np.where(known & (a != b), self._together.at(a, b)[0.5], 0)
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


class ContentStatistics:
    """Statistics of an item that nobody likes yet: its features, and likes of items with them.

    Args:
        liked: [users, items] 0/1.
        features: Of the items.
        cap: Most likes counted of one user.
        rng: Draws the likes of a user who has more.
    """

    def __init__(
        self, liked: sp.csr_matrix, features: ItemFeatures, cap: int, rng: np.random.Generator
    ) -> None:
        self.counted = capped(liked, cap, rng)
        self.likers = np.asarray(liked.sum(axis=0)).ravel()
        self.groups = {
            name: (ListStatistics if has_lists(values) else GroupStatistics)(
                liked, self.counted, values
            )
            for name, values in features.groups.items()
        }
        self.title, self.years = features.title, features.years

    def content(self, f: np.ndarray, i: np.ndarray) -> np.ndarray:
        """Returns [pairs, features] float32 that do not depend on the item's own likers.

        Args:
            f: [pairs] indices of favourites.
            i: [pairs] indices of items.
        """
        values = {"likers of the favourite": log1p(self.likers[f])}
        for name, group in self.groups.items():
            values |= group.features(name, f, i) | group.record(name, f, i)
        return _stacked(values | self._texts(f, i, values))

    def _texts(
        self, f: np.ndarray, i: np.ndarray, known: dict[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        titles = 3 * self._titles(f, i)
        values = {"title": titles, "title words": np.diff(self.title.indptr)[i]}
        # A series has one creator and repeats its words; other titles may do so by chance.
        values |= {f"title of the same {g}": titles * known[f"same {g}"] for g in self.groups}
        return values | (self._years(f, i) if np.isfinite(self.years).any() else {})

    def _titles(self, f: np.ndarray, i: np.ndarray) -> np.ndarray:
        return products(self.title, self.title, f, i)

    def _years(self, f: np.ndarray, i: np.ndarray) -> dict[str, np.ndarray]:
        apart = np.abs(self.years[f] - self.years[i])
        unknown = np.isnan(apart)
        year = self.years[i]
        return {
            "years apart": np.where(unknown, 0, np.exp(-np.nan_to_num(apart) / 3)),
            "unknown year": unknown,
            "year": np.where(np.isnan(year), 0, (np.nan_to_num(year) - 1995) / 10),
        }


def _stacked(values: dict[str, np.ndarray]) -> np.ndarray:
    return np.stack([np.asarray(v, np.float32) for v in values.values()], axis=1)


class PairStatistics(ContentStatistics):
    """All statistics of pairs, counted over some users.

    Args:
        liked: [users, items] 0/1.
        features: Of the items.
        cap: Most likes counted of one user.
        rng: Draws the likes of a user who has more.
        progress: Called while pairs are counted.

    Attributes:
        near: [items, items] counts of the pairs with the greatest, damped by popularity.
        walk: [items, items] chances of a random walk of two steps, damped by popularity.
    """

    def __init__(
        self,
        liked: sp.csr_matrix,
        features: ItemFeatures,
        cap: int,
        rng: np.random.Generator,
        *,
        progress: Progress | None = None,
    ) -> None:
        super().__init__(liked, features, cap, rng)
        self._together = CoLikes(self.counted, USER_POWERS)
        leave = (1 / (self.likers + 10)).astype(np.float32)
        arrive = ((self.likers + 10) ** -0.25).astype(np.float32)
        damped = ((self.likers + 5) ** -0.25).astype(np.float32)
        rankings = [Ranking(NEAR, column=damped), Ranking(STEPS, leave, arrive)]
        self.near, step = self._together.greatest(0.5, rankings, progress=progress)
        step.data *= np.repeat(leave, np.diff(step.indptr))
        step.data *= arrive[step.indices]
        (self.walk,) = greatest_of_product(step, step, [Ranking(WALKS)])

    def candidates(self, *, with_new: bool = False) -> sp.csr_matrix:
        """Returns [items, items] 1 at the pairs worth a weight, about 100 to 250 a row.

        Args:
            with_new: Reserve places for items that nobody likes yet. For learning they would be
                too many: hardly one of them is ever a target.
        """
        tables = [self.near, prune(self.walk, 60)]
        # The creator is the first; a publisher's best sellers would only fill the table.
        for creators in islice(self.groups.values(), 1):
            tables += creators.neighbours(self.likers)
            tables += creators.new_neighbours(self.likers) if with_new else []
        words = self.title.T.tocsr()
        tables += greatest_of_product(self.title, words, [Ranking(20)], apart=True, least=0.35)
        found = ones(tables[0])
        for table in tables[1:]:
            found = found + ones(table)
        found.setdiag(0)
        found.eliminate_zeros()
        found.sort_indices()
        return ones(found)

    def features(self, f: np.ndarray, i: np.ndarray) -> np.ndarray:
        """Returns the features of pairs.

        Args:
            f: [pairs] indices of favourites.
            i: [pairs] indices of items.

        Returns:
            [pairs, features] float32; counts as logarithms, for they are long-tailed.
        """
        likers = self.likers
        counts = self._together.at(f, i)
        lift = (counts[0.5] + 0.01) / ((likers[f] + 5) * (likers[i] + 5))
        values: dict[str, np.ndarray] = {
            "both": log1p(counts[0.0]),
            "both, long lists less": log1p(3 * counts[0.5]),
            "both, long lists least": log1p(10 * counts[1.0]),
            "any": counts[0.0] > 0,
            "chance": np.log(counts[0.5] / (likers[f] + 5) + 1e-3) + 7,
            "lift": np.log(lift * 1e4 + 1e-2),
            "likers of the favourite": log1p(likers[f]),
            "likers": log1p(likers[i]),
            "new": likers[i] == 0,
            "two steps": np.log(at(self.walk, f, i) * 1e3 + 0.02) + 4,
        }
        for name, group in self.groups.items():
            values |= group.features(name, f, i)
            share = values[f"same {name}"] * likers[i] / (group.likes_of(i) + 1)
            values[f"share of the same {name}"] = share
        return _stacked(values | self._texts(f, i, values))
