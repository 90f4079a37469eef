"""Copies a folder of raw files from an fsspec address, such as ``s3://bucket/folder``.

The copy is made again only of files that have changed there. A file is complete or absent, so that
a copy that was stopped continues with the next file.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from training.domains.durable import PARTIAL, commit, write_json
from training.errors import DataError
from training.progress import Progress

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_BUFFER = 1 << 22
"""Bytes that are held in memory of a file that is copied."""
_INSTALL = 'pip install "harperdb-recommender[scale]"'


@dataclass(frozen=True)
class _File:
    """A file at an address.

    Attributes:
        path: Its path there.
        size: In bytes.
        mark: Differs if the file has changed: of its size, its time and its hash, whichever the
            file system has.
    """

    path: str
    size: int
    mark: str


def is_address(text: str) -> bool:
    """Whether it is an address with a protocol, and no path on this machine."""
    return _ADDRESS.match(text) is not None


def folder_of(address: str, home: Path) -> Path:
    """Returns where the copy of an address is kept."""
    return home / "raw" / hashlib.sha256(address.rstrip("/").encode()).hexdigest()[:12]


def address_of(folder: Path) -> str | None:
    """Returns the address of which a folder is a copy; None: it is none."""
    address = _noted(folder).get("address")
    return address if isinstance(address, str) else None


def copy(address: str, folder: Path, *, progress: Progress) -> None:
    """Copies what is new or has changed at an address, and removes what is not there any more.

    Args:
        address: Of a folder; all files below it are copied, but none whose name, or whose folder's
            name, begins with a dot or an underscore.
        folder: The copy; `folder_of` the address.
        progress: Called with the number of files.

    Raises:
        DataError: the protocol is unknown, its package is missing, or there is nothing to read.
    """
    system, files = _listed(address)
    note: dict[str, Any] = _noted(folder)
    marks = note.get("files", {}) if note.get("address") == address else {}
    marks = {name: mark for name, mark in marks.items() if (folder / name).is_file()}
    for done, (name, file) in enumerate(sorted(files.items())):
        progress(done, len(files), f"copying {name}")
        if marks.get(name) != file.mark:
            _copy_file(system, file, folder / name)
            write_json(_note_of(folder), {"address": address, "files": marks | {name: file.mark}})
            marks[name] = file.mark
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).as_posix() not in files:
            path.unlink()
    marks = {name: file.mark for name, file in files.items()}
    write_json(_note_of(folder), {"address": address, "files": marks})


def _listed(address: str) -> tuple[Any, dict[str, _File]]:
    """Returns the file system, and the files by their names below the address."""
    try:
        from fsspec.core import url_to_fs
    except ModuleNotFoundError as error:
        raise DataError(
            address, expected="fsspec, which reads it", found="no such package", remedy=_INSTALL
        ) from error
    try:
        system, root = url_to_fs(address)
    except ImportError as error:  # fsspec says which package the protocol needs
        raise DataError(
            address,
            expected=f"the package that reads {address.partition(':')[0]}",
            found=f"{error}",
            remedy="Install it with pip beside harperdb-recommender.",
        ) from error
    except ValueError as error:
        remedy = "fsspec lists the protocols: python -c 'import fsspec; "
        remedy += "print(fsspec.available_protocols())'"
        raise DataError(
            address, expected="a protocol of fsspec", found=f"{error}", remedy=remedy
        ) from error
    try:
        system.invalidate_cache()
        found = system.find(root, detail=True)
    # Each protocol's package has errors of its own: no login, no such host, no right to list.
    except Exception as error:
        raise DataError(
            address,
            expected="a folder that can be listed",
            found=f"{type(error).__name__}: {error}".rstrip(": "),
            remedy="Logins are configured as the protocol's package says.",
        ) from error
    root = root.rstrip("/")
    files = {
        path.removeprefix(root).lstrip("/"): _File(path, int(info["size"]), _mark(info))
        for path, info in found.items()
        if info["type"] == "file"
    }
    files = {name: file for name, file in files.items() if _is_wanted(name)}
    if not files:
        raise DataError(address, expected="a folder with files", found="none")
    return system, files


def _is_wanted(name: str) -> bool:
    # Never outside the folder of the copy, and without what Spark and others leave.
    return (
        bool(name)
        and not name.startswith("/")
        and not any(part.startswith((".", "_")) for part in PurePosixPath(name).parts)
    )


def _mark(info: dict[str, Any]) -> str:
    names = ("size", "ETag", "etag", "md5Hash", "content_md5", "checksum", "generation")
    times = ("LastModified", "last_modified", "updated", "mtime", "created")
    known = {name: str(info[name]) for name in (*names, *times) if info.get(name) is not None}
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]


def _copy_file(system: Any, file: _File, target: Path) -> None:
    partial = target.with_name(f".{target.name}{PARTIAL}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with system.open(file.path, "rb") as there, partial.open("wb") as here:
        shutil.copyfileobj(there, here, _BUFFER)
    if (size := partial.stat().st_size) != file.size:
        raise DataError(
            file.path,
            expected=f"{file.size:,} bytes",
            found=f"{size:,}",
            remedy="Did it change while it was copied? Run the command again.",
        )
    commit(partial, target)


def _note_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.json")


def _noted(folder: Path) -> dict[str, Any]:
    try:
        note = json.loads(_note_of(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}
