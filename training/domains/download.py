"""Downloads one file over HTTP and resumes an interrupted download.

The bytes received so far are in ``<name>.part``; ``<name>.part.json`` beside it says which address
and which version of the file they belong to. A download is resumed only if the server still has
that version (RFC 9110, 13.1.5, If-Range), so two versions are never mixed.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import requests

from training.errors import RecommenderError

log = logging.getLogger(__name__)

CHUNK = 64 * 1024
"""Bytes between two writes, and so the most that a broken connection loses."""
LONGEST_PAUSE = 60.0
"""Longest wait, in seconds, that a server's Retry-After can demand."""
_NOT_NOW = (408, 425, 429, 500, 502, 503, 504)
_BROKEN = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
)

Progress = Callable[[int, int | None], None]
"""Called with (bytes so far, total bytes or None if the server does not say)."""


@dataclass(frozen=True)
class Login:
    """User and password for HTTP basic authentication; `repr` does not show the password."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Patience:
    """How long and how often to try.

    Attributes:
        attempts: Most requests for one file.
        pause: Seconds before the second request; doubled before each further one.
        connect: Seconds to wait for a connection.
        read: Seconds to wait for the next bytes.
    """

    attempts: int = 6
    pause: float = 1.0
    connect: float = 10.0
    read: float = 60.0


PATIENT = Patience()


class _Again(Exception):
    """This request failed; the next one may succeed."""

    def __init__(self, reason: str, *, wait: float = 0.0) -> None:
        self.reason, self.wait = reason, wait
        super().__init__(reason)


class _Part:
    """The bytes received so far, and the version of the file that they belong to."""

    def __init__(self, target: Path, url: str) -> None:
        self.path = target.with_name(f"{target.name}.part")
        self._note = target.with_name(f"{target.name}.part.json")
        self._url = url

    def held(self) -> tuple[int, str | None]:
        """Returns (bytes received, their version); (0, None): nothing can be resumed."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            size = self.path.stat().st_size
        except (FileNotFoundError, ValueError):
            return 0, None
        return (size, note["version"]) if size and note.get("url") == self._url else (0, None)

    def begin(self, version: str | None) -> None:
        """Empties the partial file; without a version it cannot be resumed."""
        # Bytes first: if this crashes in between, old bytes must not have a new version.
        self.path.write_bytes(b"")
        self._note.unlink(missing_ok=True)
        if version:
            text = json.dumps({"url": self._url, "version": version})
            self._note.write_text(text, encoding="utf-8")

    def forget(self) -> None:
        self._note.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)


def download(
    url: str,
    target: Path,
    *,
    login: Login | None = None,
    patience: Patience = PATIENT,
    progress: Progress = lambda done, total: None,
) -> Path:
    """Downloads the file, or its missing rest, to ``<target>.part``.

    Args:
        url: Address, without user and password.
        target: Where the caller will put the file after checking it; its folder exists.
        login: Sent to the address's own host only, never to where it redirects.
        patience: How long and how often to try.
        progress: Called as bytes arrive.

    Returns:
        The path of the complete part; the caller renames it.

    Raises:
        RecommenderError: the server refuses, sends nothing or a web page, or does not answer.
    """
    part = _Part(target, url)
    with requests.Session() as session:
        # With content encoding, byte ranges and lengths would not be those of the file.
        session.headers["Accept-Encoding"] = "identity"
        if login:
            session.auth = (login.username, login.password)
        reason = ""
        for attempt in range(patience.attempts):
            try:
                _request(session, part, url, patience, progress)
                return part.path
            except _Again as again:
                reason = again.reason
                log.warning("%s: %s (request %d)", target.name, reason, attempt + 1)
                if attempt + 1 < patience.attempts:
                    time.sleep(max(again.wait, patience.pause * 2**attempt))
    raise RecommenderError(
        f"{url}: {reason}, after {patience.attempts} requests. Run the same command again to resume"
    )


def forget_part(target: Path) -> None:
    """Deletes the files that `download` keeps for a target."""
    _Part(target, url="").forget()


def _request(
    session: requests.Session, part: _Part, url: str, patience: Patience, progress: Progress
) -> None:
    held, version = part.held()
    headers = {"Range": f"bytes={held}-", "If-Range": version} if version else {}
    timeout = (patience.connect, patience.read)
    try:
        with session.get(url, headers=headers, stream=True, timeout=timeout) as response:
            _receive(response, part, url, progress)
    except requests.exceptions.SSLError as error:
        raise RecommenderError(f"{url}: the server's certificate is not valid") from error
    except _BROKEN as error:
        # The exception's text may contain a redirect's signed address: name its type only.
        raise _Again(f"the connection was lost ({type(error).__name__})") from error
    except requests.RequestException as error:
        raise RecommenderError(f"{url}: cannot be downloaded ({type(error).__name__})") from error


def _receive(response: requests.Response, part: _Part, url: str, progress: Progress) -> None:
    held, version = part.held()
    if response.status_code == 416 and held:
        if _content_range(response) == (None, held):
            progress(held, held)
            return
        part.forget()
        raise _Again("the partial download is longer than the file")
    _check_status(response, url)
    if response.status_code == 206:
        start, total = _content_range(response)
        if start != held or _version(response) not in (None, version):
            part.forget()
            raise _Again("the file has changed since the partial download")
    else:
        part.begin(_version(response))
        held, total = 0, _length(response)
    done = _append(response, part, held, total, progress)
    if total is not None and done != total:
        raise _Again(f"received {done:,} of {total:,} bytes")
    if done == 0:
        part.forget()
        raise RecommenderError(f"{url}: the server sent an empty file")


def _append(
    response: requests.Response, part: _Part, held: int, total: int | None, progress: Progress
) -> int:
    done = held
    progress(done, total)
    with part.path.open("ab") as file:
        for chunk in response.iter_content(CHUNK):
            file.write(chunk)
            done += len(chunk)
            progress(done, total)
    return done


def _check_status(response: requests.Response, url: str) -> None:
    status = response.status_code
    if status in _NOT_NOW:
        raise _Again(f"the server answers {status}", wait=_retry_after(response))
    if status in (401, 403):
        raise RecommenderError(f"{url}: access refused ({status})")
    if status == 404:
        raise RecommenderError(f"{url}: not found (404); the file may have moved")
    if status not in (200, 206):
        raise RecommenderError(f"{url}: unexpected answer ({status})")
    # A login or portal page has status 200 and would be kept as the file.
    if response.headers.get("Content-Type", "").startswith("text/html"):
        raise RecommenderError(f"{url}: received a web page instead of the file")


def _version(response: requests.Response) -> str | None:
    """Returns what If-Range may carry: a strong ETag, else the date of the last change."""
    tag = response.headers.get("ETag", "")
    if tag and not tag.startswith("W/"):
        return tag
    return response.headers.get("Last-Modified")


def _length(response: requests.Response) -> int | None:
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isdigit() else None


def _content_range(response: requests.Response) -> tuple[int | None, int | None]:
    """Returns (first byte, bytes in all) of ``bytes 5-9/10`` or ``bytes */10``."""
    match = re.fullmatch(
        r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", response.headers.get("Content-Range", "")
    )
    if match is None:
        return None, None
    start, total = match.groups()
    return int(start) if start else None, int(total) if total != "*" else None


def _retry_after(response: requests.Response) -> float:
    text = response.headers.get("Retry-After", "")
    return min(float(text), LONGEST_PAUSE) if text.isdigit() else 0.0
