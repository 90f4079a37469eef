"""Cleaned, indexed and split data: what it holds, and how it is saved.

*id* is the outside world's text name; *index* is our dense integer. Items are indexed by
popularity among the train users, so index 0 is the most liked item.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp

from training.domains.domain import ITEM, ITEM_ID, LIKED, STRENGTH, USER, Table
from training.errors import DataError

PARTS = ("train", "validation", "test")
EDITIONS = "editions"


@dataclass(frozen=True)
class Counts:
    """What was read, dropped and kept, for people: (what, how many) in order."""

    lines: list[tuple[str, int]] = field(default_factory=list)

    def add(self, what: str, count: float) -> None:
        """Notes a number."""
        self.lines.append((what, int(count)))

    def add_table(self, name: str, table: Table) -> None:
        """Notes what a reader read and dropped, and what else it counted."""
        self.add(f"{name} read", table.read)
        for reason, count in table.dropped.items():
            self.add(f"{name} dropped: {reason}", count)
        for note, count in table.notes.items():
            if count:
                self.add(f"{name}: {note}", count)


@dataclass(frozen=True)
class Dataset:
    """Interactions and items by dense index.

    Attributes:
        items: One row per item, in the order of the index: `ITEM_ID`, the domain's fields (text),
            `POPULARITY` (likers among the train users), `EDITIONS` (other ids of the same work).
        interactions: `USER`, `ITEM` (int32), `STRENGTH` (float32), `LIKED` (bool); if the source
            has times, `TIME` (float64, seconds since 1970; NaN for a visitor's like).
        parts: [users] int8, each user's place in `PARTS`.
        users: [users] uint64, a hash of each user's id, by which two data sets compare their
            users; None in data prepared by an earlier release.
    """

    items: pd.DataFrame
    interactions: pd.DataFrame
    parts: np.ndarray
    users: np.ndarray | None = None

    @cached_property
    def index_of(self) -> dict[str, int]:
        """Index by id; every edition's id leads to its work's index."""
        index = {id_: i for i, id_ in enumerate(self.items[ITEM_ID])}
        for i, editions in enumerate(self.items[EDITIONS]):
            index.update((edition, i) for edition in editions)
        return index

    def strengths(self, part: str) -> sp.csr_matrix:
        """Returns [users of the part, items] float32: the strength where liked, else 0."""
        chosen = self.parts == PARTS.index(part)
        row_of = np.cumsum(chosen) - 1
        rows = self.interactions[
            self.interactions[LIKED] & chosen[self.interactions[USER].to_numpy()]
        ]
        cells = (row_of[rows[USER]], rows[ITEM])
        shape = (int(chosen.sum()), len(self.items))
        return sp.csr_matrix((rows[STRENGTH], cells), shape=shape, dtype=np.float32)

    def liked(self, part: str) -> sp.csr_matrix:
        """Returns [users of the part, items] float32: 1 where liked, else 0."""
        matrix = self.strengths(part)
        matrix.data = np.ones_like(matrix.data)
        return matrix


def by_user(interactions: pd.DataFrame) -> pd.DataFrame:
    """Returns interactions sorted by user, then item; each pair occurs once.

    Args:
        interactions: With `USER` and `ITEM`, indices of 32 bits.
    """
    # One key of 64 bits is sorted several times as fast as two columns.
    key = interactions[USER].to_numpy(np.int64) << 32 | interactions[ITEM].to_numpy(np.int64)
    return interactions.take(np.argsort(key)).reset_index(drop=True)


def save(dataset: Dataset, folder: Path) -> None:
    """Writes the data set into a folder."""
    dataset.items.to_parquet(folder / "items.parquet")
    dataset.interactions.to_parquet(folder / "interactions.parquet")
    np.save(folder / "parts.npy", dataset.parts)
    if dataset.users is not None:
        np.save(folder / "users.npy", dataset.users)


def load(folder: Path) -> Dataset:
    """Reads what `save` wrote.

    Raises:
        DataError: a file is missing.
    """
    try:
        return Dataset(
            pd.read_parquet(folder / "items.parquet"),
            pd.read_parquet(folder / "interactions.parquet"),
            np.load(folder / "parts.npy"),
            np.load(folder / "users.npy") if (folder / "users.npy").is_file() else None,
        )
    except FileNotFoundError as error:
        raise DataError(
            error.filename or folder,
            expected="prepared data",
            found="none",
            remedy=f"Run `harperdb-recommender prepare {folder.parent.name}` first.",
        ) from error


def summary(counts: Counts) -> dict[str, int]:
    """Returns the counts as a dictionary, for the manifest and the report."""
    return dict(counts.lines)
