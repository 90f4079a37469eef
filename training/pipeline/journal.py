"""Journals: files with one JSON object a line, which a kill can shorten but not spoil."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


def append(path: Path, entry: Entry) -> None:
    """Adds an entry; it is on the disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(entry, ensure_ascii=False).encode()
    with path.open("ab+", buffering=0) as file:
        if not _ends_with_newline(file):
            line = b"\n" + line  # a line that a kill cut off must not spoil this one
        file.write(line + b"\n")
        os.fsync(file.fileno())


def read(path: Path, needed: str) -> list[Entry]:
    """Returns the entries, oldest first; a line that was cut off is left out.

    Args:
        path: The file; none: no entries.
        needed: A key that every entry has.
    """
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    found = map(_decoded, lines)
    return [entry for entry in found if entry is not None and needed in entry]


def _ends_with_newline(file: Any) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return True
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) == b"\n")


def _decoded(line: bytes) -> Entry | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
