"""Split → (favourites, target) examples for training, and held-out queries for measuring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from training.config import Config
from training.data.dataset import Dataset
from training.errors import ConfigError

PAD = -1
"""Fills unused places of a query with fewer favourites than the maximum."""


@dataclass(frozen=True)
class Queries:
    """What held-out users show, and what is held back.

    Attributes:
        favourites: [Q, F] int32, padded with `PAD`.
        targets: [Q, items] float32, 1 where held back.
        users: [Q] rows of the matrix they were made from.
    """

    favourites: np.ndarray
    targets: sp.csr_matrix
    users: np.ndarray

    def __len__(self) -> int:
        """Returns the number of queries."""
        return len(self.favourites)


def shuffled_rows(liked: sp.csr_matrix, rng: np.random.Generator) -> np.ndarray:
    """Returns [nnz] int32, the columns of each row in random order, row after row."""
    row = np.repeat(np.arange(liked.shape[0], dtype=np.int64), np.diff(liked.indptr))
    # One key of 64 bits, the row in front of the random number, is sorted several times as fast.
    bits = 62 - int(liked.shape[0]).bit_length()
    key = row << bits | (rng.random(liked.nnz) * 2.0**bits).astype(np.int64)
    return liked.indices[np.argsort(key)].astype(np.int32)


def hold_out(
    liked: sp.csr_matrix, favourites: int, rng: np.random.Generator, *, max_users: int | None = None
) -> Queries:
    """Shows some of each user's liked items and holds the rest back.

    Args:
        liked: [users, items] 0/1.
        favourites: Items shown, drawn without replacement; users need more than that.
        rng: Draws the users, if there are more than `max_users`, and the items.
        max_users: Most users taken.

    Returns:
        One query for each user who likes more than `favourites` items.

    Raises:
        ValueError: favourites is not positive.
    """
    if favourites < 1:
        raise ValueError(f"favourites must be 1 or more, not {favourites}")
    users = np.flatnonzero(np.diff(liked.indptr) > favourites)
    if max_users is not None and len(users) > max_users:
        users = np.sort(rng.choice(users, max_users, replace=False))
    chosen = liked[users]
    columns = shuffled_rows(chosen, rng)
    place = np.arange(chosen.nnz) - np.repeat(chosen.indptr[:-1], np.diff(chosen.indptr))
    shown = columns[place < favourites].reshape(len(users), favourites)
    row = np.repeat(np.arange(len(users)), np.diff(chosen.indptr))
    kept = place >= favourites
    cells = (np.ones(kept.sum(), np.float32), (row[kept], columns[kept]))
    return Queries(shown, sp.csr_matrix(cells, shape=chosen.shape), users)


def queries_of(data: Dataset, part: str, favourites: int, config: Config) -> Queries:
    """Returns what a part's users show and what is held back; the same for the same seed.

    Raises:
        ConfigError: no user of the part likes more items than are shown.
    """
    rng = np.random.default_rng([config.evaluate.seed, favourites])
    made = hold_out(data.liked(part), favourites, rng, max_users=config.evaluate.max_users)
    if not len(made):
        raise ConfigError(
            f"no {part} user likes more than {favourites} items: lower evaluate.favourites"
        )
    return made


def draw(
    liked: sp.csr_matrix, most: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draws one example per user: some favourites without replacement, and another liked item.

    Args:
        liked: [users, items] 0/1; every user has two items or more.
        most: Most favourites, F; how many are shown is drawn evenly from 1 to one less than the
            user has.
        rng: Random generator.

    Returns:
        favourites [users, F] int32 padded with `PAD`, users [users] int32, targets [users] int32;
        the users in random order.

    Raises:
        ValueError: a user likes fewer than two items.
    """
    have = np.diff(liked.indptr)
    if (have < 2).any():
        raise ValueError("every user must like two items or more: a favourite and a target")
    columns = shuffled_rows(liked, rng)
    shown = rng.integers(1, np.minimum(most, have - 1) + 1)
    places = liked.indptr[:-1, None] + np.arange(most)  # [users, F]
    within = np.arange(most) < shown[:, None]
    favourites = np.where(within, columns[np.minimum(places, liked.nnz - 1)], PAD)
    targets = columns[liked.indptr[:-1] + shown]
    order = rng.permutation(liked.shape[0])
    return favourites[order].astype(np.int32), order.astype(np.int32), targets[order]


def batches(
    liked: sp.csr_matrix, most: int, size: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yields batches of `draw`'s examples endlessly; a short last batch of a pass is dropped.

    A pass with fewer examples than one batch is yielded whole.
    """
    size = min(size, liked.shape[0])
    while True:
        drawn = draw(liked, most, rng)
        for start in range(0, len(drawn[0]) - size + 1, size):
            yield tuple(part[start : start + size] for part in drawn)  # type: ignore[misc]
