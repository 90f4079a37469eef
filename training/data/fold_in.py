"""The split of a published protocol, in which held-out users fold in some of their items.

Every random choice follows the reference code step by step, so that the same file has the same
split: users sorted by id, one permutation, and for each held-out user one choice of the items held
back.

Source:
    Liang et al., "Variational Autoencoders for Collaborative Filtering", WWW 2018, section 4.1, and
    its published code.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp

from training.domains.domain import ITEM_ID, USER_ID
from training.domains.protocol import Protocol
from training.errors import DataError

LEAST_SPLIT = 5
"""A held-out user with fewer items is not measured."""


@dataclass(frozen=True)
class FoldIn:
    """Held-out users.

    Attributes:
        shown: [users, items] float32, 1 where folded in.
        targets: [users, items] float32, 1 where held back; one or more per user.
    """

    shown: sp.csr_matrix
    targets: sp.csr_matrix

    def first(self, users: int) -> FoldIn:
        """Returns the first users only."""
        return FoldIn(self.shown[:users], self.targets[:users])


@dataclass(frozen=True)
class Split:
    """The interactions, split by the protocol.

    Attributes:
        train: [users, items] float32, 1 where liked.
        validation: Users to choose settings by.
        test: Users to measure with.
        item_ids: [items] text; the items that a train user likes, the most liked first.
        users: Number of users, held-out ones included.
        likes: Number of (user, item) pairs after filtering.
    """

    train: sp.csr_matrix
    validation: FoldIn
    test: FoldIn
    item_ids: np.ndarray
    users: int
    likes: int


def split(rows: pd.DataFrame, protocol: Protocol, raw: Path) -> Split:
    """Filters and splits interactions.

    Args:
        rows: `USER_ID` and `ITEM_ID`, each a category, one row per pair.
        protocol: What to do.
        raw: Where the rows come from, for errors.

    Raises:
        DataError: too few users are left to hold so many out.
    """
    user, item = (rows[name].cat.codes.to_numpy() for name in (USER_ID, ITEM_ID))
    kept = _often(item, protocol.min_likers)
    user, item = user[kept], item[kept]
    kept = _often(user, protocol.min_liked)
    user, item = user[kept], item[kept]
    part_of, place_of = _parts(rows[USER_ID].cat.categories, user, protocol, raw)
    part, place = part_of[user], place_of[user]
    index_of, item_ids = _by_popularity(rows[ITEM_ID].cat.categories, item[part == 0])
    index = index_of[item]

    def cells(number: int) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
        mine = (part == number) & (index >= 0)
        return place[mine], index[mine], (int((part_of == number).sum()), len(item_ids))

    return Split(
        _matrix(*cells(0)),
        _fold_in(*cells(1), protocol),
        _fold_in(*cells(2), protocol),
        item_ids,
        int((part_of >= 0).sum()),
        len(user),
    )


def _often(codes: np.ndarray, least: int) -> np.ndarray:
    """Returns [codes] bool, whether a code occurs at least `least` times."""
    return np.bincount(codes, minlength=1)[codes] >= least


def _parts(
    names: pd.Index, user: np.ndarray, protocol: Protocol, raw: Path
) -> tuple[np.ndarray, np.ndarray]:
    """Returns by user code: 0, 1 or 2 for train, validation or test, and the user's place.

    Users are sorted by id within a part; -1 where a user was filtered out.
    """
    present = np.unique(user)
    held, most = protocol.held_out, len(present) - 2 * protocol.held_out
    if most < 1:
        raise DataError(
            raw,
            expected=f"more than {2 * held:,} users with {protocol.min_liked} or more items of "
            f"{protocol.min_likers} or more likers, for the protocol {protocol.name}",
            found=f"{len(present):,}",
            remedy="Give it the full data set, or leave --protocol out.",
        )
    present = present[np.argsort(names[present].to_numpy(str), kind="stable")]
    shuffled = np.random.RandomState(protocol.seed).permutation(len(present))
    part = np.zeros(len(present), np.int8)
    part[shuffled[most : most + held]] = 1
    part[shuffled[most + held :]] = 2
    part_of, place_of = np.full(len(names), -1, np.int8), np.full(len(names), -1, np.int32)
    part_of[present] = part
    for number in range(3):
        mine = present[part == number]
        place_of[mine] = np.arange(len(mine))
    return part_of, place_of


def _by_popularity(names: pd.Index, item: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the index by an item's code, -1 where no train user likes it; and ids by index."""
    likers = np.bincount(item, minlength=len(names))
    present = np.flatnonzero(likers)
    ids = names[present].to_numpy(str)
    order = np.lexsort((ids, -likers[present]))
    index_of = np.full(len(names), -1, np.int32)
    index_of[present[order]] = np.arange(len(present))
    return index_of, ids[order]


def _fold_in(
    place: np.ndarray, index: np.ndarray, shape: tuple[int, int], protocol: Protocol
) -> FoldIn:
    order = np.argsort(place, kind="stable")  # a user's items stay in the order of the file
    place, index = place[order], index[order]
    lengths = np.bincount(place, minlength=shape[0])
    ends = np.cumsum(lengths)
    back = np.zeros(len(place), bool)
    rng = np.random.RandomState(protocol.seed)
    for end, length in zip(ends, lengths, strict=True):
        if length >= LEAST_SPLIT:
            count = int(protocol.kept_back * length)
            back[end - length + rng.choice(length, size=count, replace=False)] = True
    targets = _matrix(place[back], index[back], shape)
    measured = np.diff(targets.indptr) > 0
    return FoldIn(_matrix(place[~back], index[~back], shape)[measured], targets[measured])


def _matrix(row: np.ndarray, column: np.ndarray, shape: tuple[int, int]) -> sp.csr_matrix:
    matrix = sp.csr_matrix((np.ones(len(row), np.float32), (row, column)), shape=shape)
    matrix.data[:] = 1  # duplicate pairs were added up
    return matrix
