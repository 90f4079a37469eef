"""Which folder of raw files is prepared: the named one, else the last one, else demonstration data.

``data.json`` in a domain's artifacts remembers the folder, so that a later command without
``--data`` never replaces real data by demonstration data.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from training.domains.domain import Domain
from training.errors import ConfigError, DataError
from training.pipeline.folders import Folders, read_json, write_json

FILE = "data.json"


@dataclass(frozen=True)
class RawData:
    """A folder of raw files.

    Attributes:
        folder: Its path.
        origin: Why it is used, for people; "" if it was named.
    """

    folder: Path
    origin: str


def choose(domain: Domain, artifacts: Path, *, named: Path | None, demonstration: Path) -> RawData:
    """Chooses the folder of raw files.

    Args:
        domain: The domain.
        artifacts: Parent of every domain's results.
        named: Folder that the user named, if any.
        demonstration: Folder of the domain's demonstration data.

    Raises:
        ConfigError: no folder is named or remembered, and the prepared data is not
            demonstration data.
    """
    if named is not None:
        return RawData(named, "")
    if domain.folder is not None:
        return _of_description(domain, domain.folder, artifacts)
    folders = Folders(domain, demonstration, artifacts)
    last = remembered(folders)
    if last is None:
        _refuse_to_replace(folders)
        return RawData(demonstration, "the demonstration data; --data DIR names another folder")
    if last == demonstration.resolve():
        return RawData(demonstration, "the demonstration data, as before")
    return RawData(last, "as before; --data DIR names another folder")


def _of_description(domain: Domain, folder: Path, artifacts: Path) -> RawData:
    last = remembered(Folders(domain, folder, artifacts))
    if last is None or last == folder.resolve():
        return RawData(folder, "as its domain.toml says")
    return RawData(last, "as before; --data DIR names another folder")


def remember(folders: Folders) -> None:
    """Records the folder of raw files for later commands."""
    value = {"folder": str(folders.raw.resolve())}
    path = folders.home / FILE
    if not path.is_file() or read_json(path) != value:
        write_json(path, value)


def remembered(folders: Folders) -> Path | None:
    """Returns the folder that `remember` noted, if any.

    Raises:
        DataError: the note is corrupt.
    """
    path = folders.home / FILE
    if not path.is_file():
        return None
    value = read_json(path)
    if not isinstance(value, dict) or not isinstance(value.get("folder"), str):
        raise DataError(
            path,
            expected='an object such as {"folder": "/data"}',
            found=repr(value)[:80],
            remedy="Delete it and name the folder with --data.",
        )
    return Path(value["folder"])


def _refuse_to_replace(folders: Folders) -> None:
    """Refuses to replace data that was prepared before folders were remembered."""
    path = folders.prepared / "source.json"
    source = read_json(path) if path.is_file() else {"synthetic": True}
    if not source.get("synthetic", False):
        raise ConfigError(
            f"{folders.prepared} holds {source.get('name', 'data')} from an unknown folder: name "
            f"it with --data DIR, or --data {folders.raw} to replace it by demonstration data"
        )
