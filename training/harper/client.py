"""Client of the HarperDB operations API; independent of domains and models.

There are two kinds of errors: `HarperUnavailable` (no answer, or "not now") is retried with growing
pauses if repeating the operation is safe; `HarperRefused` never is.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cbor2
import requests

from training.errors import ConfigError, HarperError, HarperRefused, HarperUnavailable
from training.harper.config import HarperConfig

log = logging.getLogger(__name__)

Row = dict[str, Any]

_REPEATABLE = frozenset(
    (
        "search_by_id",
        "search_by_value",
        "search_by_conditions",
        "describe_all",
        "describe_database",
        "describe_table",
        "upsert",
        "delete",
        "user_info",
        "cluster_status",
        "list_roles",
        "list_users",
        "deploy_component",
        "get_components",
        "get_component_file",
    )
)
"""Operations that may be repeated. An `insert` may not: after a lost answer it would look like a
conflict.
"""

LONGEST = 300
"""Characters shown of an answer that is not HarperDB's, such as a proxy's page."""
_NOT_NOW = (502, 503, 504)
_DISK_FULL = ("Commit failed", "ENOSPC", "No space left on device", "MDB_MAP_FULL")
"""What HarperDB answers if it could not write; the first was seen with a full disk."""
_PLAIN_HTTP = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")
"""What OpenSSL reports if a server answers a TLS handshake in plain text."""
_HIDDEN = "***"


@dataclass(frozen=True)
class Patience:
    """How long to wait for an answer, and how often to try.

    Attributes:
        connect_seconds: Longest wait for a connection.
        read_seconds: Longest wait for the next byte of an answer.
        attempts: Tries of a repeatable operation, 1 or more.
        first_pause_seconds: Pause after the first try; doubles with each.
    """

    connect_seconds: float = 5.0
    read_seconds: float = 120.0
    attempts: int = 4
    first_pause_seconds: float = 0.25


class HarperClient:
    """Calls one node's operations API.

    Args:
        config: Address and credentials.
        patience: Time-outs and tries.
        sleep: Waits for a number of seconds; tests pass one that does not wait.
    """

    def __init__(
        self,
        config: HarperConfig,
        *,
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.config, self.patience, self._sleep = config, patience or Patience(), sleep
        self._session = session_for(config.url, config.ca)
        self._session.auth = (config.username, config.password)
        if config.url.startswith("http:") and not (is_loopback(config.url) or config.plain_http):
            raise ConfigError(
                f"{config.url} is plain HTTP, where the password can be read on its way: use "
                "https, or HARPER_PLAIN_HTTP=yes where the way itself is private (a tunnel, say)"
            )

    def __repr__(self) -> str:
        return f"HarperClient({self.config.url!r} as {self.config.username!r})"

    def operation(
        self, name: str, *, read_seconds: float | None = None, binary: bool = False, **fields: Any
    ) -> Any:
        """Executes one operation.

        Args:
            name: The operation, e.g. ``describe_all``.
            read_seconds: A time-out other than the default.
            binary: Send CBOR, which alone carries bytes; the answer is JSON either way.
            fields: The operation's own fields.

        Returns:
            The decoded answer.

        Raises:
            HarperUnavailable: no answer, after as many tries as the operation allows.
            HarperRefused: HarperDB refused; the message contains its answer.
        """
        body = {"operation": name, **fields}
        payload = cbor2.dumps(body) if binary else None
        attempts = self.patience.attempts if name in _REPEATABLE else 1
        for attempt in range(1, attempts + 1):
            try:
                return self._ask(name, body, payload, read_seconds or self.patience.read_seconds)
            except HarperUnavailable as error:
                if attempt == attempts:
                    raise
                pause = self.patience.first_pause_seconds * 2 ** (attempt - 1)
                log.warning("%s; try %d of %d in %.2g s", error, attempt + 1, attempts, pause)
                self._sleep(pause)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _ask(self, name: str, body: Row, payload: bytes | None, read_seconds: float) -> Any:
        sent = {"json": body} if payload is None else {"data": payload}
        kind = "application/json" if payload is None else "application/cbor"
        try:
            answer = self._session.post(
                self.config.url,
                headers={"Content-Type": kind, "Accept": "application/json"},
                timeout=(self.patience.connect_seconds, read_seconds),
                allow_redirects=False,  # the body must not go to another address
                **sent,
            )
        except requests.RequestException as error:
            raise no_answer(name, self.config.url, error) from error
        return self._read(name, answer, secrets=[self.config.password, *_passwords(body)])

    def _read(self, name: str, answer: requests.Response, secrets: list[str]) -> Any:
        try:
            content = answer.json()
        except ValueError:
            content = answer.text
        if answer.status_code == 200:
            if isinstance(content, str):
                raise HarperRefused(name, f"{self.config.url} is no operations API: no JSON came")
            return content
        is_error = isinstance(content, dict)
        message = str(content.get("error", content)) if is_error else str(content)[:LONGEST]
        for secret in filter(None, secrets):
            message = message.replace(secret, _HIDDEN)
        if answer.status_code in (401, 403) and name not in message:
            message += f" (as {self.config.username!r}; see HARPER_USERNAME and HARPER_PASSWORD)"
        if any(words in message for words in _DISK_FULL):
            raise HarperRefused(name, f"{self.config.url}: {_disk_full(message)}")
        kind = HarperUnavailable if answer.status_code in _NOT_NOW else HarperRefused
        raise kind(name, message or "no message", status=answer.status_code)

    def is_healthy(self) -> bool:
        """Returns whether the operations API answers; needs no password."""
        try:
            answer = self._session.get(f"{self.config.url}/health", timeout=5)
        except requests.RequestException:
            return False
        return answer.status_code == 200

    def rows(
        self, database: str, table: str, ids: list[str], attributes: list[str] | None = None
    ) -> list[Row]:
        """Returns the rows that exist among the ids; a blob comes as a description, not as
        bytes.
        """
        found: list[Row] = self.operation(
            "search_by_id",
            database=database,
            table=table,
            ids=ids,
            get_attributes=attributes or ["*"],
        )
        return [row for row in found if row]

    def every_row(self, database: str, table: str, key: str, attributes: list[str]) -> list[Row]:
        """Returns all rows of a table, with the named attributes."""
        found: list[Row] = self.operation(
            "search_by_value",
            database=database,
            table=table,
            attribute=key,
            value="*",
            get_attributes=attributes,
        )
        return found

    def upsert(self, database: str, table: str, rows: list[Row]) -> None:
        """Writes rows, whether or not they exist; CBOR, so bytes become blobs.

        Raises:
            HarperError: HarperDB wrote fewer rows than were sent.
        """
        done = self.operation("upsert", binary=True, database=database, table=table, records=rows)
        taken = len(done.get("upserted_hashes", ()))
        if taken != len(rows):
            raise HarperRefused("upsert", f"{table}: HarperDB took {taken} of {len(rows)} rows")

    def insert(self, database: str, table: str, row: Row) -> bool:
        """Writes a row that must not exist yet; returns whether it was written."""
        done = self.operation("insert", database=database, table=table, records=[row])
        return bool(done.get("inserted_hashes"))

    def delete(self, database: str, table: str, ids: list[str]) -> None:
        """Removes rows; a row that does not exist is not an error."""
        if ids:
            self.operation("delete", database=database, table=table, ids=ids)


def session_for(url: str, ca: str | None) -> requests.Session:
    """Returns a session that checks certificates, against our own authority where one is named.

    Raises:
        ConfigError: the authority's file is missing.
    """
    session = requests.Session()
    if is_loopback(url):
        session.trust_env = False  # a proxy cannot reach our loopback
    if ca:
        if not Path(ca).is_file():
            raise ConfigError(f"HARPER_CA={ca}: no such file")
        session.verify = ca
        session.trust_env = False  # REQUESTS_CA_BUNDLE would win over our authority
    return session


def is_loopback(url: str) -> bool:
    """Returns whether an address is this machine's own."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def no_answer(operation: str, url: str, error: requests.RequestException) -> HarperError:
    """Returns the error for a request without an answer."""
    if isinstance(error, requests.exceptions.SSLError) and _is_plain(error):
        plain = urlsplit(url)._replace(scheme="http")
        return HarperRefused(
            operation, f"{url} speaks plain HTTP: use {plain.scheme}://{plain.netloc}"
        )
    if isinstance(error, requests.exceptions.SSLError):
        return HarperRefused(
            operation,
            f"{url}: its certificate is not trusted; "
            "name the authority that signed it with HARPER_CA",
        )
    if isinstance(error, requests.Timeout):
        return HarperUnavailable(operation, f"{url} did not answer in time; is it overloaded?")
    if isinstance(error, requests.ConnectionError):
        return HarperUnavailable(operation, f"{url} does not answer; is HarperDB running there?")
    return HarperUnavailable(operation, f"{url}: {type(error).__name__}")


def _is_plain(error: requests.exceptions.SSLError) -> bool:
    text = str(error).upper().replace(" ", "_")
    return any(words in text for words in _PLAIN_HTTP)


def _disk_full(message: str) -> str:
    return (
        f"the node could not write, its disk is probably full ({message}). Free space under its "
        "ROOTPATH, restart HarperDB if it no longer answers, and run the same command again"
    )


def _passwords(body: Mapping[str, Any]) -> list[str]:
    found = [str(body["password"])] if "password" in body else []
    for value in body.values():
        if isinstance(value, Mapping):
            found += _passwords(value)
    return found
