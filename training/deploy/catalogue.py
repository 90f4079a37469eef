"""Writes the catalogue's rows into HarperDB, only those that are missing or changed.

Each row contains a digest of its line. A deploy lists the stored digests and compares them with the
bundle's, so that rows deleted by somebody else are restored. For `training.cli` the table
``catalogue_digests`` records the contents of each catalogue.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from training.bundle import Bundle
from training.deploy.versions import now
from training.harper.client import HarperClient, Row

ITEMS, DIGESTS = "items", "catalogue_digests"
LAST = "last"
"""Id of the row that names the stored catalogue; each other row describes one catalogue, by its
digest.
"""
BATCH = 2000
"""Rows per request: enough to amortise it, few enough for a progress bar to move."""

Progress = Callable[[int, int], None]
"""Called with (rows done, rows to do)."""


@dataclass(frozen=True)
class Pushed:
    """The result of writing a catalogue.

    Attributes:
        rows: Rows of the bundle's catalogue.
        sent: Rows that were sent.
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

    After an interruption the next call continues: rows that are stored have their digests.

    Memory holds one batch of rows, and a digest for each row of the bundle and of the node.

    Args:
        client: The node to write to.
        database: The domain's database.
        bundle: Where the rows come from.
        progress: Called after each batch.

    Raises:
        HarperError: a batch was refused.
    """
    wanted = {row["id"]: row["digest"] for row in _rows(bundle)}
    known = digests(client, database)
    changed = {key for key, digest in wanted.items() if known.get(key) != digest}
    if not changed and _is_noted(client, database, bundle):
        return Pushed(len(wanted), 0)
    _announce(client, database, bundle, wanted)
    # Read again: rows of a large catalogue take far more memory than their digests.
    rows, done = (row for row in _rows(bundle) if row["id"] in changed), 0
    while batch := list(islice(rows, BATCH)):
        old = [row["id"] for row in batch if row["id"] in known]
        stored = client.rows(database, ITEMS, old) if old else []
        client.upsert(database, ITEMS, _without_leftovers(batch, stored))
        done += len(batch)
        progress(done, len(changed))
    last: Row = {"id": LAST, "digest": bundle.catalogue_digest(), "at": now()}
    last |= {"rows": None, "ids": None, "summary": None}
    client.upsert(database, DIGESTS, [last])
    return Pushed(len(wanted), len(changed))


def _rows(bundle: Bundle) -> Iterator[Row]:
    """Yields the rows as they are stored, one after the other."""
    for line, row in bundle.catalogue():
        yield row | {"digest": _digest(line)}


def _without_leftovers(rows: list[Row], stored: list[Row]) -> list[Row]:
    """Returns the rows with null for each attribute that only the stored row has.

    An upsert merges: an attribute that the new row lacks would keep its old value.
    """
    old = {row["id"]: [name for name in row if not name.startswith("_")] for row in stored}
    return [dict.fromkeys(old.get(row["id"], ())) | row for row in rows]


def digests(client: HarperClient, database: str) -> dict[str, str | None]:
    """Returns the digest of every stored row, by id."""
    rows = client.every_row(database, ITEMS, "id", ["id", "digest"])
    return {row["id"]: row.get("digest") for row in rows}


def _is_noted(client: HarperClient, database: str, bundle: Bundle) -> bool:
    """Returns whether this catalogue is recorded as the last one that was written completely."""
    digest = bundle.catalogue_digest()
    rows = client.rows(database, DIGESTS, [LAST, digest], ["id", "digest", "summary"])
    noted = {row["id"]: row for row in rows}
    is_last = noted.get(LAST, {}).get("digest") == digest
    return is_last and bool(noted.get(digest, {}).get("summary"))


def _announce(
    client: HarperClient, database: str, bundle: Bundle, wanted: Mapping[str, str]
) -> None:
    """Records what is about to be written, so that an interrupted catalogue can be removed."""
    # Until it is complete no catalogue is recorded: the rows are a mixture of the last one and this
    # one.
    client.delete(database, DIGESTS, [LAST])
    digest = bundle.catalogue_digest()
    row: Row = {"id": digest, "digest": digest, "rows": len(wanted), "at": now()}
    row["ids"] = json.dumps(list(wanted), ensure_ascii=False)
    row["summary"] = summary(wanted)
    client.upsert(database, DIGESTS, [row])


def summary(rows: Mapping[str, str | None]) -> str:
    """Returns one digest of many rows' digests, independent of their order."""
    whole = hashlib.sha256()
    for key in sorted(rows):
        whole.update(f"{key}\0{rows[key]}\n".encode())
    return whole.hexdigest()


@dataclass(frozen=True)
class Damage:
    """How the stored rows differ from those that were written.

    Attributes:
        rows: Rows of the catalogue.
        missing: Those that are not stored.
        changed: Whether the digest of any other row differs from the one written.
    """

    rows: int
    missing: int
    changed: bool

    def __bool__(self) -> bool:
        """Returns whether they differ at all."""
        return self.missing > 0 or self.changed

    def __str__(self) -> str:
        """Returns the difference in words."""
        if self.missing:
            return f"{self.missing:,} of {self.rows:,} catalogue rows are missing"
        return "catalogue rows were changed by something else than deploy"


def damage(client: HarperClient, database: str) -> Damage | None:
    """Compares a node's own rows with the catalogue that was written last.

    Returns:
        The difference; None if no catalogue is recorded as complete: none was deployed, a deploy is
        running or was interrupted, or an earlier release wrote it.
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
    """Removes the rows that only catalogues of removed versions contain.

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
        # First: the record of the rows must not outlive them.
        client.delete(database, DIGESTS, [LAST])
    needed = _ids(client, database, sorted(noted & kept))
    removed = sorted(_ids(client, database, stale) - needed)
    for begin in range(0, len(removed), BATCH):
        client.delete(database, ITEMS, removed[begin : begin + BATCH])
    client.delete(database, DIGESTS, stale)
    return len(removed)


def _ids(client: HarperClient, database: str, digests: list[str]) -> set[str]:
    rows = client.rows(database, DIGESTS, digests, ["ids"]) if digests else []
    return {key for row in rows for key in json.loads(row["ids"])}


def _digest(line: str) -> str:
    return hashlib.sha256(line.strip().encode()).hexdigest()[:16]
