"""Finding and opening raw files, with any supported packing and encoding."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO, cast

import pyarrow as pa

from training.domains.domain import Source
from training.errors import DataError

_SUFFIXES = ("", ".gz", ".zip")
PACKED = (".gz", ".zip", ".zst")
"""Suffixes of files that are decompressed while they are read."""


def find(folder: Path, source: Source) -> Path:
    """Returns the first file of the folder with one of the source's names.

    Raises:
        DataError: the folder is missing, or holds none of the names, or the file is empty.
    """
    if not folder.is_dir():
        found = "a file" if folder.exists() else "none"
        remedy = f"It must hold {_hint(source)}"
        raise DataError(folder, expected="a folder with the data", found=found, remedy=remedy)
    for name in source.names:
        for suffix in _SUFFIXES:
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
    """Opens a file for reading bytes; a .gz, .zip or .zst file is decompressed while it is read.

    Raises:
        DataError: a packed file is corrupt, or a .zip does not hold one file, or is encrypted.
    """
    try:
        if path.suffix == ".zip":
            with (
                zipfile.ZipFile(path) as archive,
                _member(path, archive) as file,
            ):
                yield cast(BinaryIO, file)
        elif path.suffix == ".gz":
            with gzip.open(path) as packed:
                yield cast(BinaryIO, packed)
        elif path.suffix == ".zst":
            with _zstd(path) as packed:
                yield packed
        else:
            with path.open("rb") as plain:
                yield plain
    except (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DataError(
            path,
            expected=f"a complete {path.suffix} file",
            found=str(error),
            remedy="Download it again.",
        ) from error


@contextlib.contextmanager
def _zstd(path: Path) -> Iterator[BinaryIO]:
    with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as packed:
        try:
            yield packed
        except OSError as error:  # pyarrow's only error for corrupt data
            raise EOFError(str(error)) from error


def _member(path: Path, archive: zipfile.ZipFile) -> IO[bytes]:
    members = [
        n for n in archive.namelist() if not n.endswith("/") and not n.startswith("__MACOSX")
    ]
    if len(members) != 1:
        raise DataError(path, expected="one file inside", found=", ".join(members) or "none")
    try:
        return archive.open(members[0])
    except (RuntimeError, NotImplementedError) as error:  # encrypted or unsupported
        raise DataError(
            path, expected="a .zip without a password", found=str(error), remedy="Unpack it."
        ) from error


def _windows_1252(error: UnicodeError) -> tuple[str, int]:
    """Decodes the bytes that are not UTF-8 as Windows-1252, else as Latin-1: no byte is lost."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    found = error.object[error.start : error.end]
    try:
        return found.decode("cp1252"), error.end
    except UnicodeDecodeError:
        return found.decode("latin-1"), error.end


WINDOWS_1252 = "windows-1252-where-not-utf-8"
"""An error handler for ``bytes.decode``."""
codecs.register_error(WINDOWS_1252, _windows_1252)


class _Utf8(io.RawIOBase):
    """A file as UTF-8; bytes that are not UTF-8 are converted from Windows-1252."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._left = file, b""
        self._decoder = codecs.getincrementaldecoder("utf-8")(WINDOWS_1252)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        block = b"more"
        while block and not self._left:
            block = self._file.read(1 << 18)
            self._left = self._decoder.decode(block, final=not block).encode()
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count


def as_utf8(file: BinaryIO) -> BinaryIO:
    """Returns the file as UTF-8; bytes that are not UTF-8 are converted from Windows-1252."""
    return cast(BinaryIO, io.BufferedReader(_Utf8(file), 1 << 18))


def sha256_of(path: Path) -> str:
    """Returns the SHA-256 of a file, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
