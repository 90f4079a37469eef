"""What all stages share: a folder is written whole or not at all, and redone only when needed."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.errors import DataError

STAMP = "stage.json"


def is_current(folder: Path, mark: str) -> bool:
    """Tells whether the folder holds the whole result that this fingerprint stands for."""
    try:
        stamp = stamp_of(folder, "")
    except DataError:
        return False
    whole = all((folder / name).is_file() for name in stamp.get("files", []))
    return whole and bool(stamp["fingerprint"] == mark)


def mark_of(folder: Path, stage: str) -> str:
    """Returns the fingerprint of a finished stage.

    Raises:
        DataError: the folder holds no whole result.
    """
    return str(stamp_of(folder, stage)["fingerprint"])


def stamp_of(folder: Path, stage: str) -> dict[str, Any]:
    """Returns what a finished stage noted of itself.

    Raises:
        DataError: the folder holds no whole result.
    """
    try:
        stamp = dict(json.loads((folder / STAMP).read_text(encoding="utf-8")))
        if not isinstance(stamp.get("fingerprint"), str):
            raise ValueError("no fingerprint")
        return stamp
    except (OSError, ValueError, TypeError) as error:
        raise DataError(
            folder,
            expected=f"the result of {stage!r}",
            found="none, or a torn one",
            remedy=f"Run `python -m training {stage} <domain>` first.",
        ) from error


@contextlib.contextmanager
def writing(folder: Path, mark: str, **notes: Any) -> Iterator[Path]:
    """Yields an empty folder to write into; it takes the place of `folder` when all went well.

    Args:
        folder: Where the result will stand.
        mark: Its fingerprint.
        **notes: What else to note in the stamp.

    Raises:
        DataError: the folder's parent cannot be made.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            folder.parent, expected="a folder to write into", found=error.strerror
        ) from error
    fresh = folder.with_name(f"{folder.name}.new.tmp")
    old = folder.with_name(f"{folder.name}.old.tmp")
    _clear(folder, fresh, old)
    fresh.mkdir()
    try:
        yield fresh
        files = sorted(path.name for path in fresh.iterdir() if path.is_file())
        stamp = {"fingerprint": mark, "files": files, **notes}
        (fresh / STAMP).write_text(json.dumps(stamp, indent=1), encoding="utf-8")
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
    finally:
        _clear(folder, fresh, old)


def _clear(folder: Path, fresh: Path, old: Path) -> None:
    """Removes what a stage leaves; one that ended between its two renames gets its folder back."""
    if old.exists() and not folder.exists():
        old.rename(folder)
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
