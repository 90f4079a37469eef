"""Brings the catalogue's rows into HarperDB; only those that changed travel.

Each row carries a digest of its own line, and one row of the table ``catalogue`` says which whole
catalogue was written last: an unchanged one costs a single question.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

from training.bundle import Bundle
from training.deploy.versions import now
from training.harper.client import HarperClient, Row

ITEMS, CATALOGUE = "items", "catalogue"
LAST = "last"
"""Id of the row that says which catalogue is there; the other rows note one catalogue each, by its
digest.
"""
BATCH = 2000
"""Rows a request: big enough to amortise it, small enough for a progress bar to move."""

Progress = Callable[[int, int], None]
"""Called with (rows done, rows to do)."""


@dataclass(frozen=True)
class Pushed:
    """What became of a catalogue.

    Attributes:
        rows: Rows of the bundle's catalogue.
        sent: Rows that travelled.
    """

    rows: int
    sent: int


def is_there(client: HarperClient, database: str, bundle: Bundle) -> bool:
    """Returns whether the catalogue was written whole, and none of its rows removed since."""
    digest = bundle.catalogue_digest()
    rows = client.rows(database, CATALOGUE, [LAST, digest], ["id", "digest"])
    told = {row["id"]: row.get("digest") for row in rows}
    return digest in told and told.get(LAST) == digest


def push(
    client: HarperClient,
    database: str,
    bundle: Bundle,
    progress: Progress = lambda done, all_: None,
) -> Pushed:
    """Writes the rows that are new or changed.

    Interrupted, it goes on where it stopped the next time: what is there already has its digest.

    Args:
        client: The node to write to.
        database: The domain's database.
        bundle: Where the rows come from.
        progress: Told after each batch.

    Raises:
        HarperError: a batch was not taken.
    """
    if is_there(client, database, bundle):
        return Pushed(int(bundle.manifest["sizes"]["items"]), 0)
    wanted = {row["id"]: row | {"digest": _digest(line)} for line, row in bundle.catalogue()}
    there = client.every_row(database, ITEMS, "id", ["id", "digest"])
    known = {row["id"]: row.get("digest") for row in there}
    changed = [row for key, row in wanted.items() if known.get(key) != row["digest"]]
    _announce(client, database, bundle, list(wanted))
    for begin in range(0, len(changed), BATCH):
        client.upsert(database, ITEMS, changed[begin : begin + BATCH])
        progress(min(begin + BATCH, len(changed)), len(changed))
    last = {"id": LAST, "digest": bundle.catalogue_digest(), "at": now()}
    client.upsert(database, CATALOGUE, [last])
    return Pushed(len(wanted), len(changed))


def _announce(client: HarperClient, database: str, bundle: Bundle, ids: list[str]) -> None:
    """Notes what is about to be written, so that an interrupted catalogue can be cleared away."""
    # Until all of it is there, no catalogue is: the rows are a mixture of the last one and this
    # one.
    client.delete(database, CATALOGUE, [LAST])
    row: Row = {"id": bundle.catalogue_digest(), "rows": len(ids), "at": now()}
    client.upsert(database, CATALOGUE, [row | {"ids": json.dumps(ids, ensure_ascii=False)}])


def prune(client: HarperClient, database: str, kept: set[str]) -> int:
    """Removes the rows that only catalogues of versions gone by had.

    Args:
        client: The node to write to.
        database: The domain's database.
        kept: Digests of the catalogues of all versions that stay.

    Returns:
        Number of rows removed.
    """
    rows = client.every_row(database, CATALOGUE, "id", ["id", "digest"])
    told = {row["id"]: row.get("digest") for row in rows}
    noted = set(told) - {LAST}
    stale = sorted(noted - kept)
    if not stale:
        return 0
    if told.get(LAST) in stale:
        # First of all: what says that the rows are there must not outlive them.
        client.delete(database, CATALOGUE, [LAST])
    needed = _ids(client, database, sorted(noted & kept))
    gone = sorted(_ids(client, database, stale) - needed)
    for begin in range(0, len(gone), BATCH):
        client.delete(database, ITEMS, gone[begin : begin + BATCH])
    client.delete(database, CATALOGUE, stale)
    return len(gone)


def _ids(client: HarperClient, database: str, digests: list[str]) -> set[str]:
    rows = client.rows(database, CATALOGUE, digests, ["ids"]) if digests else []
    return {key for row in rows for key in json.loads(row["ids"])}


def _digest(line: str) -> str:
    return hashlib.sha256(line.strip().encode()).hexdigest()[:16]
