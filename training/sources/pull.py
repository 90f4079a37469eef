"""Pulls a HarperDB table page by page, in the order of its primary keys.

A pull that ends early goes on where it was. A table with a column of times is read from shortly
before the latest time on; without one, from the beginning. What is missed then: rows that were
changed without their time, and rows that were deleted; reading everything again finds both.

A table may change while it is read. Rows that come behind the page that is being read are found by
the next pull.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

import pyarrow as pa

from training.domains.harper_table import KEY, HarperTable
from training.errors import DataError, HarperUnavailable
from training.harper.client import HarperClient, Row
from training.sources import marks
from training.sources.marks import Mark
from training.sources.store import Note, Running, TableStore
from training.sources.table import Table, table_of
from training.sources.values import attribute_of, text_of, value_at

PAGE_ROWS = 10_000
FLUSH_ROWS = 50_000

Progress = Callable[[int], None]
"""Called with the number of rows read."""


@dataclass(frozen=True)
class Pulled:
    """The result of a pull.

    Attributes:
        table: The table.
        read: Rows that were read, those of an earlier run that was continued included.
        changed: Rows that are new, changed or removed since the pull before.
        rows: Rows that there are now.
        since: The time from which was read; None: everything was.
    """

    table: HarperTable
    read: int
    changed: int
    rows: int
    since: Mark | None


def pull(
    client: HarperClient,
    table: HarperTable,
    folder: Path,
    *,
    full: bool = False,
    page_rows: int = PAGE_ROWS,
    flush_rows: int = FLUSH_ROWS,
    progress: Progress = lambda rows: None,
) -> Pulled:
    """Pulls a table's rows; holds at most ``flush_rows`` and a page in memory.

    Args:
        client: The node to ask, with a user that may read the table.
        table: The table.
        folder: ``artifacts/<domain>/tables``; the caller holds the domain's lock.
        full: Read everything again, and forget a pull that is not finished.
        page_rows: Rows per request.
        flush_rows: Rows held in memory before they are written.
        progress: Called after each page.

    Raises:
        ConfigError: there is no such table.
        DataError: it is empty, or lacks a column.
        HarperError: the node does not answer, or the user may not read the table. What was read is
            kept.
    """
    store = TableStore(table.folder(folder))
    before = store.pulled()
    there = table_of(client, table.database, table.table)
    running = _begin(store, there, table, full)
    at = _Pull(there, table, store, running, page_rows, flush_rows, progress)
    try:
        at.read()
    except HarperUnavailable as error:
        at.flush()
        raise HarperUnavailable(
            "pull",
            f"{table}: {error.message}. {at.running.rows:,} rows are kept: the same command "
            "continues after them",
            status=error.status,
        ) from error
    if not at.running.files and running.since is None:
        raise DataError(str(table), expected="rows", found="an empty table")
    note = store.finish(at.running)
    changed = note.changes - (before.changes if before else 0)
    return Pulled(table, at.running.rows, changed, note.rows, running.since)


def _begin(store: TableStore, there: Table, table: HarperTable, full: bool) -> Running:
    """Returns the pull to continue, or a new one."""
    source, url = table.described(), there.client.config.url
    running = store.running()
    if running and (running.source, running.url) == (source, url) and not full:
        running = replace(running, key=there.key)
        store.begin(running)
        return running
    before: Note | None = None if full else store.pulled()
    since = None
    # HarperDB has no condition on a key inside an object.
    is_searched = attribute_of(table.time, there.attributes) == table.time
    if before and is_searched and (before.source, before.url) == (source, url):
        since = None if before.mark is None else marks.start_after(before.mark)
    began = datetime.now(timezone.utc).timestamp()
    running = Running(source, url, since=since, began=began, key=there.key)
    store.begin(running)
    return running


class _Pull:
    """One pull at work."""

    def __init__(
        self,
        there: Table,
        table: HarperTable,
        store: TableStore,
        running: Running,
        page_rows: int,
        flush_rows: int,
        progress: Progress,
    ) -> None:
        self.there, self.table, self.store, self.running = there, table, store, running
        self.page_rows, self.flush_rows, self.progress = page_rows, flush_rows, progress
        self.held: list[Row] = []
        self.mark = running.mark
        wanted = [attribute_of(column, there.attributes) for column in table.columns]
        self.attributes = list(dict.fromkeys([there.key, *wanted]))

    def read(self) -> None:
        """Reads the rest of the table."""
        for page in self._pages():
            self.held += page
            self.progress(self.running.rows + len(self.held))
            if len(self.held) >= self.flush_rows:
                self.flush()
        self.flush()

    def flush(self) -> None:
        """Writes the rows that are held in memory."""
        if not self.held:
            return
        if self.table.time:
            times = [value_at(row, self.table.time) for row in self.held]
            began = datetime.fromtimestamp(self.running.began, timezone.utc)
            self.mark = marks.latest(times, self.mark, began)
        last = self.held[-1][self.there.key]
        rows = _arrow(self.held, self.there.key, self.table.columns)
        self.running = self.store.append(self.running, rows, last, self.mark)
        self.held = []

    def _pages(self) -> Iterator[list[Row]]:
        conditions = []
        if self.running.since is not None:
            conditions.append(_later(self.table.time, self.running.since))
        # The first key there is: what sorts before all keys depends on their type.
        first = self.running.last or [row[self.there.key] for row in self._first()]
        if not first:
            return
        last, is_read = first[0], bool(self.running.last)
        while True:
            found = self.there.from_key(last, self.page_rows + 1, self.attributes, conditions)
            keys = [row[self.there.key] for row in found]
            if is_read and last in keys[1:]:
                raise DataError(
                    str(self.table),
                    expected=f"a primary key by which HarperDB can page ({self.there.key})",
                    found="one of another type, such as Date",
                    remedy="Export the table to a file, and describe that.",
                )
            page = found[1:] if is_read and keys[:1] == [last] else found
            if page:
                yield page
                last, is_read = page[-1][self.there.key], True
            if len(found) <= self.page_rows:
                return

    def _first(self) -> list[Row]:
        return self.there.first(1, [self.there.key])


def _later(column: str, since: Mark) -> Row:
    return {"attribute": column, "comparator": "greater_than_equal", "value": since}


def _arrow(rows: Sequence[Row], key: str, columns: Sequence[str]) -> pa.Table:
    names, text = [KEY, *columns], pa.string()
    keys = pa.array([text_of([row[key]]) for row in rows], text)
    values = [pa.array([text_of(value_at(row, name)) for row in rows], text) for name in columns]
    return pa.table([keys, *values], names=names)
