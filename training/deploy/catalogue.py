"""Brings the catalogue's rows into HarperDB; only those that are missing or changed travel.

Each row carries a digest of its own line. A deploy lists the digests that are there and compares
them with the bundle's, so that rows deleted by somebody else come back. For `training.cli` the
table ``catalogue_digests`` says what each catalogue consists of.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from training.bundle import Bundle
from training.deploy.versions import now
from training.harper.client import HarperClient, Row

ITEMS, DIGESTS = "items", "catalogue_digests"
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


def push(
    client: HarperClient,
    database: str,
    bundle: Bundle,
    progress: Progress = lambda done, all_: None,
) -> Pushed:
    """Writes the rows that are new or changed.

    Interrupted, it continues where it stopped the next time: what is there has its digest.

    Args:
        client: The node to write to.
        database: The domain's database.
        bundle: Where the rows come from.
        progress: Called after each batch.

    Raises:
        HarperError: a batch was not taken.
    """
    wanted = {row["id"]: row | {"digest": _digest(line)} for line, row in bundle.catalogue()}
    known = digests(client, database)
    changed = [row for key, row in wanted.items() if known.get(key) != row["digest"]]
    if not changed and _is_noted(client, database, bundle):
        return Pushed(len(wanted), 0)
    _announce(client, database, bundle, wanted)
    for begin in range(0, len(changed), BATCH):
        client.upsert(database, ITEMS, changed[begin : begin + BATCH])
        progress(min(begin + BATCH, len(changed)), len(changed))
    last = {"id": LAST, "digest": bundle.catalogue_digest(), "at": now()}
    client.upsert(database, DIGESTS, [last])
    return Pushed(len(wanted), len(changed))


def digests(client: HarperClient, database: str) -> dict[str, str | None]:
    """Returns the digest of every row that is there, by id."""
    rows = client.every_row(database, ITEMS, "id", ["id", "digest"])
    return {row["id"]: row.get("digest") for row in rows}


def _is_noted(client: HarperClient, database: str, bundle: Bundle) -> bool:
    """Returns whether this catalogue is noted as the one that was written last, and completely."""
    digest = bundle.catalogue_digest()
    rows = client.rows(database, DIGESTS, [LAST, digest], ["id", "digest", "summary"])
    noted = {row["id"]: row for row in rows}
    is_last = noted.get(LAST, {}).get("digest") == digest
    return is_last and bool(noted.get(digest, {}).get("summary"))


def _announce(
    client: HarperClient, database: str, bundle: Bundle, wanted: Mapping[str, Row]
) -> None:
    """Notes what is about to be written, so that an interrupted catalogue can be cleared away."""
    # Until all of it is there, no catalogue is: the rows are a mixture of the last one and this
    # one.
    client.delete(database, DIGESTS, [LAST])
    row: Row = {"id": bundle.catalogue_digest(), "rows": len(wanted), "at": now()}
    row["ids"] = json.dumps(list(wanted), ensure_ascii=False)
    row["summary"] = summary({key: row["digest"] for key, row in wanted.items()})
    client.upsert(database, DIGESTS, [row])


def summary(rows: Mapping[str, str | None]) -> str:
    """Returns one digest of many rows' digests, whatever their order."""
    whole = hashlib.sha256()
    for key in sorted(rows):
        whole.update(f"{key}\0{rows[key]}\n".encode())
    return whole.hexdigest()


@dataclass(frozen=True)
class Damage:
    """How the rows that are there differ from those that were written.

    Attributes:
        rows: Rows of the catalogue.
        missing: Those that are not there.
        changed: Whether any of the others has another digest than it was written with.
    """

    rows: int
    missing: int
    changed: bool

    def __bool__(self) -> bool:
        """Returns whether they differ at all."""
        return self.missing > 0 or self.changed

    def __str__(self) -> str:
        """Returns it in words."""
        if self.missing:
            return f"{self.missing:,} of {self.rows:,} catalogue rows are missing"
        return "catalogue rows were changed by something else than deploy"


def damage(client: HarperClient, database: str) -> Damage | None:
    """Compares a node's own rows with the catalogue that was written last.

    Returns:
        The difference; None where no catalogue is noted as whole: none was deployed, a deploy is at
        work or was interrupted, or an earlier release wrote it.
    """
    last = client.rows(database, DIGESTS, [LAST], ["digest"])
    noted = client.rows(database, DIGESTS, [str(last[0]["digest"])]) if last else []
    if not noted or not noted[0].get("summary"):
        return None
    ids = json.loads(noted[0]["ids"])
    there = digests(client, database)
    found = {key: there[key] for key in ids if key in there}
    missing = len(ids) - len(found)
    return Damage(len(ids), missing, not missing and summary(found) != noted[0]["summary"])


def prune(client: HarperClient, database: str, kept: set[str]) -> int:
    """Removes the rows that only catalogues of removed versions had.

    Args:
        client: The node to write to.
        database: The domain's database.
        kept: Digests of the catalogues of all versions that stay.

    Returns:
        Number of rows removed.
    """
    rows = client.every_row(database, DIGESTS, "id", ["id", "digest"])
    digest_of = {row["id"]: row.get("digest") for row in rows}
    noted = set(digest_of) - {LAST}
    stale = sorted(noted - kept)
    if not stale:
        return 0
    if digest_of.get(LAST) in stale:
        # First of all: what says that the rows are there must not outlive them.
        client.delete(database, DIGESTS, [LAST])
    needed = _ids(client, database, sorted(noted & kept))
    gone = sorted(_ids(client, database, stale) - needed)
    for begin in range(0, len(gone), BATCH):
        client.delete(database, ITEMS, gone[begin : begin + BATCH])
    client.delete(database, DIGESTS, stale)
    return len(gone)


def _ids(client: HarperClient, database: str, digests: list[str]) -> set[str]:
    rows = client.rows(database, DIGESTS, digests, ["ids"]) if digests else []
    return {key for row in rows for key in json.loads(row["ids"])}


def _digest(line: str) -> str:
    return hashlib.sha256(line.strip().encode()).hexdigest()[:16]
