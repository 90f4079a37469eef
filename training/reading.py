"""Finding and opening raw files, and counting the rows that cannot be read."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from training.domain import Source
from training.errors import DataError

_PACKED = ("", ".gz", ".zip")


def find(folder: Path, source: Source) -> Path:
    """Returns the first file of the folder that bears one of the source's names.

    Raises:
        DataError: the folder is missing, or holds none of the names, or the file is empty.
    """
    if not folder.is_dir():
        raise DataError(
            folder, expected="a folder with the data", found="none", remedy=_hint(source)
        )
    for name in source.names:
        for suffix in _PACKED:
            path = folder / f"{name}{suffix}"
            if path.is_file():
                if path.stat().st_size == 0:
                    raise DataError(path, expected=source.what, found="an empty file")
                return path
    raise DataError(folder, expected=_hint(source), found=_listing(folder))


def find_all(folder: Path, sources: tuple[Source, ...]) -> dict[str, Path]:
    """Returns the files there are, by the source's first name; an optional one may be missing."""
    found = {}
    for source in sources:
        try:
            found[source.names[0]] = find(folder, source)
        except DataError:
            if source.required:
                raise
    return found


def _hint(source: Source) -> str:
    names = " or ".join(source.names)
    return f"{names} (plain, .gz or .zip): {source.what}; columns: {source.columns}"


def _listing(folder: Path) -> str:
    names = sorted(p.name for p in folder.iterdir())
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "") if names else "an empty folder"


@contextlib.contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Opens a file for reading bytes; what is packed as .gz or .zip is unpacked on the way.

    Raises:
        DataError: a packed file is torn, or a .zip holds other than one file.
    """
    try:
        if path.suffix == ".zip":
            with (
                zipfile.ZipFile(path) as archive,
                archive.open(_only_member(path, archive)) as file,
            ):
                yield cast(BinaryIO, file)
        elif path.suffix == ".gz":
            with gzip.open(path) as packed:
                yield cast(BinaryIO, packed)
        else:
            with path.open("rb") as plain:
                yield plain
    except (gzip.BadGzipFile, zipfile.BadZipFile, EOFError) as error:
        raise DataError(
            path, expected=f"a whole {path.suffix} file", found=str(error), remedy="Fetch it again."
        ) from error


def _only_member(path: Path, archive: zipfile.ZipFile) -> str:
    members = [
        n for n in archive.namelist() if not n.endswith("/") and not n.startswith("__MACOSX")
    ]
    if len(members) != 1:
        raise DataError(path, expected="one file inside", found=", ".join(members) or "none")
    return members[0]


def sha256_of(path: Path) -> str:
    """Returns the SHA-256 of a file, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


@dataclass
class BadRows:
    """Unreadable rows of one file, counted by reason.

    Attributes:
        path: The file.
        most: Share of bad rows, 0..1, above which `check` stops.
        dropped: Number of rows by reason.
    """

    path: Path
    most: float
    dropped: dict[str, int] = field(default_factory=dict)
    _first: tuple[int, str, str] | None = None

    def add(self, line: int, reason: str, expected: str, found: str) -> None:
        """Counts one bad row; the first one is shown if there are too many."""
        self.dropped[reason] = self.dropped.get(reason, 0) + 1
        if self._first is None or line < self._first[0]:
            self._first = (line, expected, found)

    def check(self, read: int) -> None:
        """Judges after reading.

        Args:
            read: Number of rows in the file, the bad ones included.

        Raises:
            DataError: no row at all, none that is good, or more bad ones than `most` allows.
        """
        bad = sum(self.dropped.values())
        if read == 0:
            raise DataError(self.path, expected="rows of data", found="none")
        if self._first is not None and (bad > self.most * read or bad == read):
            line, expected, found = self._first
            reasons = ", ".join(f"{count} × {reason}" for reason, count in self.dropped.items())
            raise DataError(
                self.path,
                line=line,
                expected=expected,
                found=repr(found[:80]),
                remedy=f"{bad} of {read} rows cannot be read ({reasons}): mend the file, "
                f"or allow more with --set clean.max_bad_rows={min(1.0, bad / read * 1.1):.2g}",
            )
