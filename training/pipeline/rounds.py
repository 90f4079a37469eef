"""What the loop has done: one JSON line a round, and which events it has learned from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from training.events.store import EventStore
from training.pipeline import journal, pull
from training.pipeline.folders import Folders, read_json, write_json

JOURNAL = "loop.jsonl"
_LEARNED = "learned.json"
_LEARNED_ROWS = "learned_rows.json"

Round = dict[str, Any]


def append_round(folders: Folders, done: Round) -> None:
    """Adds a round to the domain's journal; it is on the disk when this returns."""
    journal.append(folders.home / JOURNAL, done)


def rounds(home: Path) -> list[Round]:
    """Returns a domain's rounds, oldest first.

    Args:
        home: The domain's artifacts, `Folders.home`.
    """
    return journal.read(home / JOURNAL, "outcome")


def events_not_learned(folders: Folders, store: EventStore) -> int:
    """Returns how many collected events no finished round has learned from.

    Before the first finished round, those count that `prepare` has not read.
    """
    path = folders.home / _LEARNED
    if path.is_file():
        learned = set(read_json(path))
        new = [file for file in store.files() if _name(file) not in learned]
        return sum(pq.read_metadata(file).num_rows for file in new)
    source = folders.prepared / "source.json"
    read = read_json(source).get("events", {}).get("rows", 0) if source.is_file() else 0
    return max(0, store.count() - int(read))


def mark_learned(folders: Folders, files: list[str]) -> None:
    """Notes which files of events the round that ends now has learned from."""
    write_json(folders.home / _LEARNED, files)


def rows_not_learned(folders: Folders) -> int:
    """Returns how many changes of HarperDB tables no finished round has learned from.

    Before the first finished round, those count that `prepare` has not read.
    """
    path, source = folders.home / _LEARNED_ROWS, folders.prepared / "source.json"
    learned: dict[str, int] = {}
    if path.is_file():
        learned = read_json(path)
    elif source.is_file():
        learned = read_json(source).get("changes", {})
    found = pull.changes(folders)
    return sum(max(0, count - int(learned.get(name, 0))) for name, count in found.items())


def mark_rows_learned(folders: Folders, changes: dict[str, int]) -> None:
    """Notes which changes of HarperDB tables the round that ends now has learned from."""
    if changes:
        write_json(folders.home / _LEARNED_ROWS, changes)


def file_names(store: EventStore) -> list[str]:
    """Returns the names of the files of events; a name is never used again."""
    return [_name(file) for file in store.files()]


def _name(file: Path) -> str:
    return f"{file.parent.name}/{file.name}"
