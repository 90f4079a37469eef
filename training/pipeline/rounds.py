"""What the loop has done: one JSON line a round, and which events it has learned from."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from training.events.store import EventStore
from training.pipeline import pull
from training.pipeline.folders import Folders, read_json, write_json

JOURNAL = "loop.jsonl"
_LEARNED = "learned.json"
_LEARNED_ROWS = "learned_rows.json"

Round = dict[str, Any]


def append_round(folders: Folders, done: Round) -> None:
    """Adds a round to the domain's journal; it is on the disk when this returns."""
    folders.home.mkdir(parents=True, exist_ok=True)
    line = json.dumps(done, ensure_ascii=False).encode()
    with (folders.home / JOURNAL).open("ab+", buffering=0) as file:
        if not _ends_with_newline(file):
            line = b"\n" + line  # a line that a kill cut off must not spoil this one
        file.write(line + b"\n")
        os.fsync(file.fileno())


def _ends_with_newline(file: Any) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return True
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) == b"\n")


def rounds(home: Path) -> list[Round]:
    """Returns a domain's rounds, oldest first; a line that was cut off is left out.

    Args:
        home: The domain's artifacts, `Folders.home`.
    """
    try:
        lines = (home / JOURNAL).read_bytes().splitlines()
    except FileNotFoundError:
        return []
    return [done for done in map(_decoded, lines) if done is not None]


def _decoded(line: bytes) -> Round | None:
    try:
        done = json.loads(line)
    except ValueError:
        return None
    return done if isinstance(done, dict) and "outcome" in done else None


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
