"""The measured model: the sibling of the one that ships, which held-out people can still judge.

What ships has learned from everybody, so nobody is left to compare two such models on. Their
siblings, fitted and chosen in the same way without the held-out people, are compared instead.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.config import Config
from training.data import dataset
from training.data.dataset import Dataset
from training.data.examples import PAD
from training.domains.domain import ITEM_ID
from training.errors import DataError
from training.pipeline.folders import Folders, read_json, write_json
from training.pipeline.stages import EVALUATE

if TYPE_CHECKING:
    from training.models.ops import Answer

FILES = ("users.npz", "items.npz", "voters.json")
NOTE = "measured.json"


@dataclass(frozen=True)
class Measured:
    """A measured model, with its own dictionary.

    Attributes:
        answer: Of its default strategy.
        item_ids: [items] text, by its own index.
        index_of: Its index by id; the ids of editions lead to their works.
    """

    answer: Answer
    item_ids: list[str]
    index_of: dict[str, int]

    def ranked(self, data: Dataset, favourites: np.ndarray, results: int) -> np.ndarray:
        """Returns [users, results] int32: its answers as indices of `data`; -1: not in it.

        Args:
            data: Whose indices are spoken; an item that the model does not know is one that it
                cannot find, and a favourite that it does not know is ignored.
            favourites: [users, F] int32 indices of `data`, padded with `PAD`.
            results: Length of the lists.
        """
        from training.models.ops import rank

        ids = data.items[ITEM_ID].tolist()
        known = np.array([*(self.index_of.get(id_, PAD) for id_ in ids), PAD], np.int32)
        asked = _once(known[favourites])
        there = np.array([*(data.index_of.get(id_, -1) for id_ in self.item_ids), -1], np.int32)
        # Two ids of an older model may be editions of one work by now: it is found once.
        return _once(there[rank(self.answer, asked, results, len(self.item_ids))])


def _once(rows: np.ndarray) -> np.ndarray:
    """Returns the rows with -1 in place of what stands further left already."""
    once = np.full_like(rows, -1)
    for row, kept in zip(rows, once, strict=True):
        _, first = np.unique(row, return_index=True)
        kept[first] = row[first]
    return once


def latest(folders: Folders) -> Measured:
    """Returns the measured model of the stages' results as they are now."""
    report = read_json(folders.report / "report.json")
    config = EVALUATE.config_of(folders)
    data = dataset.load(folders.prepared)
    return _measured(
        folders.model, config, report["default_strategy"], data.items[ITEM_ID], data.index_of
    )


def keep(folders: Folders, folder: Path) -> None:
    """Copies the measured model of the stages' results into a new folder."""
    folder.mkdir()
    for name in FILES:
        shutil.copy(folders.model / name, folder)
    data = dataset.load(folders.prepared)
    note = {
        "default_strategy": read_json(folders.report / "report.json")["default_strategy"],
        "dtype": EVALUATE.config_of(folders).export.dtype,
        "item_ids": data.items[ITEM_ID].tolist(),
        "index_of": data.index_of,
    }
    write_json(folder / NOTE, note)


def load(folder: Path) -> Measured | None:
    """Returns what `keep` kept; None where an earlier release kept nothing, or something else."""
    try:
        note = read_json(folder / NOTE)
        config = Config().with_settings([f"export.dtype={note['dtype']}"])
        return _measured(
            folder, config, note["default_strategy"], note["item_ids"], note["index_of"]
        )
    except (DataError, OSError, KeyError, TypeError, ValueError, json.JSONDecodeError):
        return None


def _measured(
    model: Path, config: Config, default: str, item_ids: Any, index_of: dict[str, int]
) -> Measured:
    from training.models.strategies import served

    answer = next(one.answer for one in served(model, config) if one.strategy.name == default)
    return Measured(answer, list(item_ids), index_of)
