"""Parts of raw files, read apart on the cores of this machine or on the workers of a cluster."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from training.domains.reading import PACKED, opened
from training.parallel.blocks import same_everywhere

_log = logging.getLogger(__name__)
PART = 1 << 26
"""Bytes of a part, about: a million rows, and a second of work."""
Part = tuple[int, int | None]
"""First byte, and the one after the last; None: the end of the file."""


def parts_of(path: Path, size: int = PART) -> list[Part]:
    """Returns parts of about so many bytes that begin with a line; of a packed file the whole."""
    if path.suffix in PACKED:
        return [(0, None)]
    starts, total = [0], path.stat().st_size
    with path.open("rb") as file:
        while starts[-1] + size < total:
            file.seek(starts[-1] + size)
            file.readline()
            starts.append(file.tell())
    starts = [start for start in starts if start < total]
    return list(zip(starts, [*starts[1:], None], strict=True))


@contextlib.contextmanager
def opened_part(path: Path, part: Part) -> Iterator[BinaryIO]:
    """Opens a part of a file for reading bytes.

    Raises:
        DataError: as `opened`.
    """
    start, end = part
    with opened(path) as file:
        if start == 0 and end is None:
            yield file
        else:
            file.seek(start)
            yield io.BytesIO(file.read() if end is None else file.read(end - start))


def are_here_only(paths: Sequence[Path]) -> bool:
    """Whether a cluster's workers do not see the same files, so that they must be read here."""
    if same_everywhere(_sizes, list(paths)):
        return False
    _log.warning("%s is read on this machine: not all workers see it", paths[0].parent)
    return True


def _sizes(paths: list[Path]) -> list[int]:
    return [path.stat().st_size if path.is_file() else -1 for path in paths]
