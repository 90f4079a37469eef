"""Whose turn it is to deploy: one at a time, told by a row that ends by itself.

HarperDB has no compare-and-set over the operations API, but an `insert` writes only where no row
is. Turns are numbered: whoever inserts number n + 1 first has it. A turn is over when it is given
back, when its holder's process is gone (seen on the same machine), or when it was not renewed in
time.
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

TABLE = "deploys"
COLUMNS = {
    "id": "ID",
    "token": "String",
    "by": "String",
    "host": "String",
    "pid": "Int",
    "began": "String",
    "since": "String",
    "until": "Float",
}
"""Declared: HarperDB shows no column that a table's schema leaves out."""
LASTS_SECONDS = 60.0
"""A turn that was not renewed for so long is over; clocks of deploying machines may differ by
less.
"""
_RENEW_SECONDS = 10.0
_held: set[str] = set()
"""Tokens of this process's turns, those it asks for included; not one it failed to give back."""
_PREFIX = "turn-"


@dataclass
class Turn:
    """A turn that we hold.

    Attributes:
        client: Where it was taken.
        database: The database that it is about.
        row: Its row, as last written.
        clock: Seconds since 1970.
    """

    client: HarperClient
    database: str
    row: Row
    clock: Callable[[], float] = time.time
    _renewed: float = field(default=0.0, repr=False)

    def renew(self) -> None:
        """Says that we are still at it; cheap to call often.

        Raises:
            HarperRefused: somebody else has taken over meanwhile.
        """
        if self.clock() - self._renewed >= _RENEW_SECONDS:
            self.check()
            self.row["until"] = self.clock() + LASTS_SECONDS
            self.client.upsert(self.database, TABLE, [self.row])
            self._renewed = self.clock()

    def check(self) -> None:
        """Makes sure that the turn is still ours; to be asked before anything that cannot be
        undone.

        Raises:
            HarperRefused: somebody else has taken over meanwhile.
        """
        last = _last(self.client, self.database)
        if last is None or last.get("token") != self.row["token"]:
            raise HarperRefused("deploy", f"lost its turn to {_whose(last or {})}; run it again")


@contextlib.contextmanager
def take_turn(
    client: HarperClient,
    database: str,
    by: str,
    *,
    settle_seconds: float = 0.1,
    clock: Callable[[], float] = time.time,
) -> Iterator[Turn]:
    """Takes the turn, gives it back at the end.

    Args:
        client: The node to deploy through.
        database: What is deployed.
        by: Who deploys, for people.
        settle_seconds: How long a rival's insert on another thread or node may take to be seen
            here.
        clock: Seconds since 1970.

    Raises:
        HarperRefused: it is somebody else's turn; the message says whose and since when.
    """
    last = _last(client, database)
    if last is not None and not _is_over(last, clock()):
        raise HarperRefused("deploy", f"another deploy is at work: {_whose(last)}")
    row = _new_row(_number(last) + 1 if last else 1, by, clock())
    _held.add(row["token"])
    try:
        _insert(client, database, row, settle_seconds)
        turn = Turn(client, database, row, clock, clock())
        try:
            yield turn
        finally:
            _give_back(turn)
    finally:
        _held.discard(row["token"])


def _insert(client: HarperClient, database: str, row: Row, settle_seconds: float) -> None:
    inserted = client.insert(database, TABLE, row)
    time.sleep(settle_seconds)
    now = _last(client, database)
    if not inserted or now is None or now.get("token") != row["token"]:
        raise HarperRefused("deploy", f"another deploy was a moment faster: {_whose(now or {})}")


def _give_back(turn: Turn) -> None:
    # Not raising: the deploy's own outcome matters more, and an unreturned turn ends by itself.
    with contextlib.suppress(HarperError):
        turn.check()
        old = [row["id"] for row in _turns(turn.client, turn.database)]
        turn.client.upsert(turn.database, TABLE, [turn.row | {"until": 0.0}])
        turn.client.delete(turn.database, TABLE, [i for i in old if i != turn.row["id"]])


def _new_row(number: int, by: str, now: float) -> Row:
    return {
        "id": f"{_PREFIX}{number}",
        "token": secrets.token_hex(8),
        "by": by,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "began": started_at(os.getpid()),
        "since": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "until": now + LASTS_SECONDS,
    }


def _turns(client: HarperClient, database: str) -> list[Row]:
    rows = client.every_row(database, TABLE, "id", ["*"])
    return [row for row in rows if str(row["id"]).startswith(_PREFIX)]


def _last(client: HarperClient, database: str) -> Row | None:
    return max(_turns(client, database), key=_number, default=None)


def _number(row: Row) -> int:
    return int(str(row["id"]).removeprefix(_PREFIX))


def _is_over(row: Row, now: float) -> bool:
    if row["until"] <= now:
        return True
    if row["host"] != socket.gethostname():
        return False
    if row["pid"] == os.getpid() and row["token"] not in _held:
        return True
    return started_at(row["pid"]) != row["began"]


def _whose(row: Row) -> str:
    return f"{row.get('by', 'somebody')} on {row.get('host', 'some host')} since {row.get('since')}"
