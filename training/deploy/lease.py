"""The lock that lets one deploy run at a time, kept as a row that expires.

HarperDB has no compare-and-set over the operations API, but an `insert` writes only if there is no
row. Locks are numbered: the deploy that inserts number n + 1 first holds it. A lock is free when it
was released, when its holder's process has ended (on the same machine), or when it was not
renewed for `EXPIRES_SECONDS`. No clock is compared with another machine's: a holder on another
machine is known to be alive by its renewals, timed here with a monotonic clock.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from training.errors import HarperError, HarperRefused
from training.harper.client import HarperClient, Row
from training.harper.local.processes import started_at

TABLE = "locks"
COLUMNS = {
    "id": "ID",
    "token": "String",
    "by": "String",
    "host": "String",
    "pid": "Int",
    "began": "String",
    "since": "String",
    "renewals": "Int",
    "released": "Boolean",
}
"""Declared, because HarperDB does not return columns that a table's schema leaves out."""
EXPIRES_SECONDS = 60.0
"""A lock that was not renewed for this long is free."""
_RENEW_SECONDS = 10.0
_POLL_SECONDS = 1.0
_PREFIX = "lock-"
_held: set[str] = set()
"""Tokens of this process's locks, those being acquired included; not one it failed to release."""


@dataclass(frozen=True)
class Clock:
    """How time passes; tests use their own.

    Attributes:
        now: Monotonic time in seconds.
        sleep: Waits for a number of seconds.
    """

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass
class Lease:
    """A lock that we hold.

    Attributes:
        client: Where it was acquired.
        database: The database that it is kept in.
        row: Its row, as last written.
        clock: How time passes.
    """

    client: HarperClient
    database: str
    row: Row
    clock: Clock = field(default_factory=Clock)
    _renewed: float = field(default=0.0, repr=False)

    def renew(self) -> None:
        """Renews the lock if it is time to; cheap to call often.

        Raises:
            HarperRefused: another deploy has taken the lock over.
        """
        if self.clock.now() - self._renewed >= _RENEW_SECONDS:
            self.check()
            self.row["renewals"] += 1
            self.client.upsert(self.database, TABLE, [self.row])
            self._renewed = self.clock.now()

    def check(self) -> None:
        """Checks that we still hold the lock, before a step that cannot be undone.

        Raises:
            HarperRefused: another deploy has taken the lock over.
        """
        last = _last(self.client, self.database)
        if last is None or last.get("token") != self.row["token"]:
            raise HarperRefused("deploy", f"lost its lock to {_holder(last or {})}; run it again")


@contextlib.contextmanager
def acquire(
    client: HarperClient,
    database: str,
    by: str,
    *,
    settle_seconds: float = 0.1,
    wait_seconds: float = 0.0,
    keep_alive: Callable[[], None] = lambda: None,
    clock: Clock | None = None,
) -> Iterator[Lease]:
    """Acquires the lock and releases it at the end.

    Args:
        client: The node to deploy through.
        database: Where the lock is kept.
        by: Who deploys, for people.
        settle_seconds: How long a rival's insert on another thread or node may take to be seen
            here.
        wait_seconds: How long to wait for a running deploy to release it.
        keep_alive: Called repeatedly while waiting.
        clock: How time passes.

    Raises:
        HarperRefused: another deploy holds it; the message says whose and since when.
    """
    time_ = clock or Clock()
    last = _wait_until_free(client, database, wait_seconds, keep_alive, time_)
    row = _new_row(_number(last) + 1 if last else 1, by)
    _held.add(row["token"])
    try:
        _insert(client, database, row, settle_seconds)
        lease = Lease(client, database, row, time_, time_.now())
        try:
            yield lease
        finally:
            _release(lease)
    finally:
        _held.discard(row["token"])


def _wait_until_free(
    client: HarperClient,
    database: str,
    wait_seconds: float,
    keep_alive: Callable[[], None],
    clock: Clock,
) -> Row | None:
    """Returns the last lock's row once nobody holds it; None where there never was one.

    Whether a holder on this machine is alive is known at once. One on another machine is observed:
    a renewal proves it alive, and `EXPIRES_SECONDS` without one that it has ended.
    """
    began = unchanged_since = clock.now()
    last, is_alive = _last(client, database), False
    while last is not None and not _is_free(last):
        is_alive |= last["host"] == socket.gethostname()
        if is_alive and clock.now() - began >= wait_seconds:
            raise HarperRefused("deploy", f"another deploy is running: {_holder(last)}")
        if not is_alive and clock.now() - unchanged_since >= EXPIRES_SECONDS:
            break
        clock.sleep(_POLL_SECONDS)
        keep_alive()
        before, last = last, _last(client, database)
        is_alive = last != before
        if is_alive:
            unchanged_since = clock.now()
    return last


def _insert(client: HarperClient, database: str, row: Row, settle_seconds: float) -> None:
    inserted = client.insert(database, TABLE, row)
    time.sleep(settle_seconds)
    last = _last(client, database)
    if not inserted or last is None or last.get("token") != row["token"]:
        raise HarperRefused(
            "deploy", f"Another deploy acquired the lock first: {_holder(last or {})}"
        )


def _release(lease: Lease) -> None:
    # Not raised: the deploy's outcome matters more, and a lock that remains expires.
    with contextlib.suppress(HarperError):
        lease.check()
        old = [row["id"] for row in _locks(lease.client, lease.database)]
        lease.client.upsert(lease.database, TABLE, [lease.row | {"released": True}])
        lease.client.delete(lease.database, TABLE, [i for i in old if i != lease.row["id"]])


def _new_row(number: int, by: str) -> Row:
    return {
        "id": f"{_PREFIX}{number}",
        "token": secrets.token_hex(8),
        "by": by,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "began": started_at(os.getpid()),
        "since": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "renewals": 0,
        "released": False,
    }


def _locks(client: HarperClient, database: str) -> list[Row]:
    rows = client.every_row(database, TABLE, "id", ["*"])
    return [row for row in rows if str(row["id"]).startswith(_PREFIX)]


def _last(client: HarperClient, database: str) -> Row | None:
    return max(_locks(client, database), key=_number, default=None)


def _number(row: Row) -> int:
    return int(str(row["id"]).removeprefix(_PREFIX))


def _is_free(row: Row) -> bool:
    """Returns whether a lock was released, or its holder is known to have ended."""
    if row.get("released"):
        return True
    if row["host"] != socket.gethostname():
        return False
    if row["pid"] == os.getpid() and row["token"] not in _held:
        return True
    return started_at(row["pid"]) != row["began"]


def _holder(row: Row) -> str:
    return f"{row.get('by', 'somebody')} on {row.get('host', 'some host')} since {row.get('since')}"
