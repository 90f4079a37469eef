"""The result of a stage: a folder that is written completely or not at all.

`STAMP` in the folder holds the fingerprint of what the result was made from, and the names of its
files. A folder without a valid stamp is no result.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.errors import ConfigError, DataError

STAMP = "stage.json"


def is_current(folder: Path, mark: str) -> bool:
    """Whether the folder holds the complete result with this fingerprint."""
    try:
        stamp = stamp_of(folder)
    except DataError:
        return False
    complete = all((folder / name).is_file() for name in stamp.get("files", []))
    return complete and bool(stamp["fingerprint"] == mark)


def stamp_of(folder: Path) -> dict[str, Any]:
    """Returns the stamp of a result: ``fingerprint``, ``files`` and further notes.

    Raises:
        DataError: the folder is missing, or its stamp is missing or corrupt.
    """
    try:
        stamp = dict(json.loads((folder / STAMP).read_text(encoding="utf-8")))
        if not isinstance(stamp.get("fingerprint"), str):
            raise ValueError("no fingerprint")
        return stamp
    except (OSError, ValueError, TypeError) as error:
        found = "a corrupt one" if (folder / STAMP).is_file() else "none"
        raise DataError(folder, expected="the result of a stage", found=found) from error


@contextlib.contextmanager
def writing(folder: Path, mark: str, **notes: Any) -> Iterator[Path]:
    """Yields an empty folder to write into; it replaces `folder` unless an error is raised.

    Args:
        folder: Where the result will be.
        mark: Its fingerprint.
        **notes: What else to note in the stamp.

    Raises:
        ConfigError: the folder's parent cannot be created.
        OSError: the disk is full or read-only; ``filename`` is set.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{folder.parent} cannot be created: {error.strerror}. "
            "Name another folder with --artifacts DIR"
        ) from error
    fresh = folder.with_name(f"{folder.name}.new.tmp")
    old = folder.with_name(f"{folder.name}.old.tmp")
    _clear(folder, fresh, old)
    try:
        with _named(folder):
            fresh.mkdir()
            yield fresh
            files = sorted(path.name for path in fresh.iterdir() if path.is_file())
            stamp = {"fingerprint": mark, "files": files, **notes}
            (fresh / STAMP).write_text(json.dumps(stamp, indent=1), encoding="utf-8")
            if folder.exists():
                folder.rename(old)
            fresh.rename(folder)
    finally:
        _clear(folder, fresh, old)


@contextlib.contextmanager
def _named(folder: Path) -> Iterator[None]:
    """Adds the folder to an `OSError` without a path: a full disk raises one on writing."""
    try:
        yield
    except OSError as error:
        if error.filename is not None or error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(folder)) from error


def _clear(folder: Path, fresh: Path, old: Path) -> None:
    """Removes temporary folders; restores the result if a process died between the two renames."""
    if old.exists() and not folder.exists():
        old.rename(folder)
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
