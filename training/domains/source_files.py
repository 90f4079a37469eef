"""The files that a description names: finding them, and copying each as plain UTF-8."""

from __future__ import annotations

import codecs
import glob
import shutil
from pathlib import Path
from typing import BinaryIO, cast

from training.domains.reading import as_utf8, opened
from training.errors import DataError

_HEAD, _LONG_HEAD = 1 << 12, 1 << 20
_MARKS = {
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
    codecs.BOM_UTF8: "utf-8",
}


def find_files(base: Path, name: str, *, key: str) -> list[Path]:
    """Returns the files of a name: a file, every file of a folder, or those of a pattern.

    Args:
        base: Folder that a relative name starts from.
        name: File, folder or pattern, such as ``views/*.jsonl.gz``.
        key: The key of the description that names them, for errors.

    Raises:
        DataError: there are none, or one of them is empty.
    """
    place = base / Path(name).expanduser()
    if place.is_dir():
        found = [path for path in place.rglob("*") if _is_part(path, place)]
    elif place.is_file():
        found = [place]
    else:
        found = [Path(path) for path in glob.glob(str(place), recursive=True)]  # noqa: PTH207 (absolute)
        found = [path for path in found if path.is_file()]
    if not found:
        what = "an empty folder" if place.is_dir() else "none"
        raise DataError(place, expected="a file with data", found=what, remedy=f"Set {key}.")
    for path in found:
        if path.stat().st_size == 0:
            raise DataError(path, expected="rows of data", found="an empty file")
    return sorted(found)


def _is_part(path: Path, folder: Path) -> bool:
    """Whether it holds data: Spark and others write files such as ``_SUCCESS`` and ``.crc``."""
    names = path.relative_to(folder).parts
    return path.is_file() and not any(name.startswith((".", "_")) for name in names)


def copy_as_utf8(path: Path, target: Path, *, most: int | None = None) -> None:
    """Decompresses and decodes a file: UTF-8, UTF-16, and Windows-1252 where it is not UTF-8.

    Args:
        path: The file, plain, ``.gz``, ``.zip`` or ``.zst``.
        target: The copy.
        most: Copy about this many bytes, to the end of a line; None: everything.

    Raises:
        DataError: the file is corrupt or not text.
    """
    with opened(path) as packed, target.open("wb") as copy, _decoded(path, packed) as text:
        if most is None:
            shutil.copyfileobj(text, copy, 1 << 20)
        else:
            copy.write(text.read(most) + text.readline())


def encoding_of(path: Path) -> str:
    """Returns how the beginning of a file is encoded, for people.

    Raises:
        DataError: the file is corrupt or not text.
    """
    with opened(path) as packed:
        head = packed.read(_LONG_HEAD)
    encoding, mark = _encoding(path, head[:_HEAD])
    if encoding == "utf-8" and not _is_utf8(head):
        return "Windows-1252 where it is not UTF-8"
    return encoding.upper() + (" with a byte order mark" if mark else "")


def _is_utf8(head: bytes) -> bool:
    try:
        # The last character may be cut.
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _encoding(path: Path, head: bytes) -> tuple[str, int]:
    """Returns the encoding, and the length of the byte order mark."""
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding, len(mark)
    if b"\0" not in head:
        return "utf-8", 0
    # Every second byte of Western text in UTF-16 is 0.
    zeros = head[1::2].count(0), head[0::2].count(0)
    if max(zeros) < len(head) // 4:
        raise DataError(path, expected="text or Parquet", found="binary data")
    return ("utf-16-le" if zeros[0] > zeros[1] else "utf-16-be"), 0


def _decoded(path: Path, file: BinaryIO) -> BinaryIO:
    head = file.read(_HEAD)
    whole = cast(BinaryIO, _Joined(head, file))
    encoding, mark = _encoding(path, head)
    if encoding == "utf-8":
        whole.read(mark)
        return as_utf8(whole)
    return as_utf8(_decode(whole, encoding, skip=mark))


def _decode(file: BinaryIO, encoding: str, *, skip: int) -> BinaryIO:
    file.read(skip)
    return codecs.StreamRecoder(
        file,
        codecs.getencoder("utf-8"),
        codecs.getdecoder("utf-8"),
        codecs.getreader(encoding),
        codecs.getwriter(encoding),
        errors="replace",
    )


class _Joined:
    """A file whose first bytes were read already."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = head, rest

    def read(self, size: int = -1) -> bytes:
        if not self._head:
            return self._rest.read(size)
        found, self._head = (
            (self._head, b"") if size < 0 else (self._head[:size], self._head[size:])
        )
        return found + self._rest.read() if size < 0 else found
