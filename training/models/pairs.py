"""Statistics of pairs (favourite, item): common likers, creators, similarity of the titles.

They are the inputs of `training.models.pair_network`.
"""

from __future__ import annotations

from itertools import islice

import numpy as np
import scipy.sparse as sp

from training.data.features import ItemFeatures
from training.models.co_likes import CoLikes
from training.models.cooccurrence import prune
from training.models.group_pairs import GroupStatistics
from training.models.list_pairs import ListStatistics, has_lists, ones, products
from training.models.products import Ranking, greatest_of_product
from training.models.sparse_rows import rows_of, values_at
from training.progress import Progress

log1p = np.log1p
USER_POWERS = (0.0, 0.5, 1.0)
"""A user with n likes counts n ** -power for each pair: three views of the same counts."""
NEAR, STEPS, WALKS = 120, 50, 300
"""Most items liked together with an item, first steps of a walk from it, and ends of a walk."""


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

    def order(self) -> np.ndarray:
        """Returns [items] the items, those of one creator beside each other.

        Counts of creators are added up for every block of pairs in which they occur.
        """
        for group in islice(self.groups.values(), 1):
            if isinstance(group, GroupStatistics):
                return np.argsort(group.of, kind="stable")
        return np.arange(len(self.likers))

    def content(self, f: np.ndarray, i: np.ndarray) -> np.ndarray:
        """Returns [pairs, features] float32 that do not depend on the item's own likers.

        Args:
            f: [pairs] indices of favourites.
            i: [pairs] indices of items.
        """
        values = {"likers of the favourite": log1p(self.likers[f])}
        for name, group in self.groups.items():
            both = group.both(f, i)
            values |= group.features(name, f, i, both) | group.record(name, f, i, both)
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
            values |= group.features(name, f, i, group.both(f, i))
            share = values[f"same {name}"] * likers[i] / (group.likes_of(i) + 1)
            values[f"share of the same {name}"] = share
        return _stacked(values | self._texts(f, i, values))
