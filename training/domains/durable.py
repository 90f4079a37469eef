"""Files that are complete or absent, and on the disk, whenever a process is killed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

PARTIAL = ".partial"
"""Suffix of a file that is being written."""


def write_json(path: Path, content: Any) -> None:
    """Writes a JSON file, completely or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(PARTIAL)
    partial.write_text(json.dumps(content, indent=1), encoding="utf-8")
    commit(partial, path)


def commit(partial: Path, path: Path) -> None:
    """Gives a finished file its name; content and name are on the disk when this returns."""
    for synced in (partial, partial.parent):
        if synced == partial.parent:
            partial.replace(path)
        handle = os.open(synced, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
