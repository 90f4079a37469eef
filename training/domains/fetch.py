"""Downloads the real data sets: their files, checksums and archives.

The SHA-256 of each file is written to ``SHA256SUMS`` beside it on the first download (the format of
``sha256sum``) and compared on later runs: the sources publish no checksums.
"""

from __future__ import annotations

import os
import re
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from training.domains.domain import Remote, Site
from training.domains.download import PATIENT, Login, Patience, download, forget_part
from training.domains.reading import sha256_of
from training.errors import ConfigError, DataError, RecommenderError

SUMS = "SHA256SUMS"

Progress = Callable[[str, int, int | None], None]
"""Called with (file name, bytes so far, total bytes or None if the server does not say)."""


@dataclass(frozen=True)
class Fetched:
    """A file that is present: size in bytes, SHA-256 in hex, whether it was just downloaded."""

    path: Path
    size: int
    sha256: str
    downloaded: bool


class Sums:
    """The checksums of a folder's files, in ``SHA256SUMS``.

    Raises:
        DataError: a line is not of the form ``<64 hex digits>  <name>``.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / SUMS
        self._sums: dict[str, str] = {}
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        for number, line in enumerate(lines, start=1):
            match = re.fullmatch(r"([0-9a-f]{64}) [ *](.+)", line)
            if match is None:
                raise DataError(
                    self.path, line=number, expected="<sha256>  <file name>", found=repr(line)
                )
            self._sums[match[2]] = match[1]

    def check(self, name: str, path: Path) -> str:
        """Compares a file's sum with what is recorded under the name; records it the first time.

        Returns:
            The SHA-256 in hex.

        Raises:
            DataError: the sums differ.
        """
        found = sha256_of(path)
        recorded = self._sums.get(name)
        if recorded is None:
            self._record(name, found)
        elif recorded != found:
            raise DataError(
                path,
                expected=f"SHA-256 {recorded} as in {self.path}",
                found=found,
                remedy=f"Delete {self.path.parent / name} if it exists and run again; if the "
                f"source has really changed, also delete the line of {name} in {SUMS}",
            )
        return found

    def _record(self, name: str, digest: str) -> None:
        self._sums[name] = digest
        lines = [f"{digest}  {name}\n" for name, digest in sorted(self._sums.items())]
        fresh = self.path.with_name(f"{SUMS}.tmp")
        fresh.write_text("".join(lines), encoding="utf-8")
        fresh.replace(self.path)


def fetch(
    site: Site,
    into: Path,
    *,
    base_url: str | None = None,
    environment: Mapping[str, str] | None = None,
    patience: Patience = PATIENT,
    progress: Progress = lambda name, done, total: None,
) -> Iterator[Fetched]:
    """Downloads a site's files into a folder; files that are there already are only checked.

    Args:
        site: A domain's.
        into: Folder; created if missing.
        base_url: A mirror's address in place of the site's own.
        environment: Where the login's variables are looked up; the process's own if None.
        patience: How long and how often to try each file.
        progress: Called as bytes arrive.

    Yields:
        Each file as soon as it is present and checked.

    Raises:
        ConfigError: an invalid address, or a missing login.
        DataError: a file does not match its recorded checksum, or an archive is corrupt.
        RecommenderError: the download failed, or the folder cannot be written.
    """
    base = _checked_base(base_url or site.base)
    try:
        into.mkdir(parents=True, exist_ok=True)
        sums = Sums(into)
        for remote in site.remotes:
            here = _here(remote, into)
            for path in here:
                yield Fetched(path, path.stat().st_size, sums.check(path.name, path), False)
            if here:
                continue
            login = _login(site, base, into, os.environ if environment is None else environment)
            part = _downloaded(site, remote, base, into, login, patience, progress)
            yield from _settled(remote, part, into, sums)
    except OSError as error:
        raise RecommenderError(f"{error.filename or into}: {error.strerror or error}") from error


def _here(remote: Remote, into: Path) -> list[Path]:
    """Returns the files that make the download unnecessary; none if one of them is missing."""
    if remote.holds:
        paths = [into / name for name in remote.holds if (into / name).is_file()]
        missing = {*remote.holds} - {*remote.optional} - {path.name for path in paths}
        return [] if missing else paths
    names = (remote.name, *remote.also)
    return [into / name for name in names if (into / name).is_file()][:1]


def _checked_base(url: str) -> str:
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise ConfigError("--base-url carries a user or password: set the environment variables")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"--base-url {url!r}: expected an address such as https://example.org")
    return url.rstrip("/")


def _login(site: Site, base: str, into: Path, environment: Mapping[str, str]) -> Login | None:
    if site.login is None:
        return None
    user, key = site.login
    if not (environment.get(user) and environment.get(key)):
        names = ", ".join(name for remote in site.remotes for name in remote.holds or [remote.name])
        raise ConfigError(
            f"{user} and {key} are not set: {site.get_key} and export them, "
            f"or download {site.page} in a browser and put {names} into {into}"
        )
    parts = urlsplit(base)
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise ConfigError(f"{base}: {key} is not sent unencrypted; use https")
    return Login(environment[user], environment[key])


def _downloaded(
    site: Site,
    remote: Remote,
    base: str,
    into: Path,
    login: Login | None,
    patience: Patience,
    progress: Progress,
) -> Path:
    try:
        return download(
            f"{base}/{remote.path}",
            into / remote.name,
            login=login,
            patience=patience,
            progress=lambda done, total: progress(remote.name, done, total),
        )
    except RecommenderError as error:
        key = f"; if the key is refused, {site.get_key}" if site.login else ""
        raise RecommenderError(
            f"{error}. See {site.page}{key}; manually placed files in {into} are also used"
        ) from error


def _settled(remote: Remote, part: Path, into: Path, sums: Sums) -> Iterator[Fetched]:
    """Checks a download and renames its files; a corrupt one is deleted."""
    try:
        if not remote.name.endswith(".zip"):
            yield _take(part, into / remote.name, sums)
        elif remote.holds:
            yield from _unpacked(remote, part, into, sums)
        elif zipfile.is_zipfile(part):
            yield _take(part, into / remote.name, sums)
        else:
            raise DataError(into / remote.name, expected="a zip file", found="something else")
    except DataError:
        forget_part(into / remote.name)
        raise
    forget_part(into / remote.name)


def _unpacked(remote: Remote, archive: Path, into: Path, sums: Sums) -> Iterator[Fetched]:
    try:
        with zipfile.ZipFile(archive) as packed:
            yield from _members(remote, packed, into, sums)
    except (zipfile.BadZipFile, zlib.error) as error:
        raise DataError(
            into / remote.name, expected="a complete zip file", found=str(error), remedy="Run again"
        ) from error


def _members(remote: Remote, packed: zipfile.ZipFile, into: Path, sums: Sums) -> Iterator[Fetched]:
    places = {Path(info.filename).name: info for info in packed.infolist()}
    missing = {*remote.holds} - {*remote.optional} - {*places}
    if missing:
        raise DataError(
            into / remote.name,
            expected=f"an archive with {', '.join(sorted(missing))}",
            found=", ".join(sorted(places)),
        )
    for name in remote.holds:
        if name in places:
            fresh = into / f"{name}.tmp"
            with packed.open(places[name]) as source, fresh.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
            yield _take(fresh, into / name, sums)


def _take(fresh: Path, final: Path, sums: Sums) -> Fetched:
    """Checks a file and renames it in one step; one that does not match is deleted."""
    try:
        digest = sums.check(final.name, fresh)
    except DataError:
        fresh.unlink()
        raise
    fresh.replace(final)
    return Fetched(final, final.stat().st_size, digest, True)
