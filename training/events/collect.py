"""Pulls new events from each node separately, starting where the last run ended.

Each node is queried for all rows that it has, its own and replicated ones, node by node and in the
order of ``arrival`` (docs/events.md). There is one watermark for each pair of a queried node and
the node that received the event, so clocks of different nodes are never compared, and the events of
a node that is lost are still collected as far as they were replicated.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from training.errors import HarperError
from training.events.schema import SCHEMA, TABLE, table_of
from training.events.store import EventStore
from training.harper.client import HarperClient, Patience
from training.harper.cluster import Target, client_of
from training.harper.config import HarperConfig

log = logging.getLogger(__name__)

PAGE_ROWS = 5_000
FLUSH_ROWS = 200_000
OVERLAP_MS = 600_000
"""How far before the watermark each run starts, for rows that were committed or replicated late."""
_END = "~"
"""Sorts after every digit."""

_PATIENCE = Patience(connect_seconds=5.0, read_seconds=60.0, attempts=3)
"""For a node that may be down, but whose rows may take a while."""

Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class Pulled:
    """The result of collecting from one node.

    Attributes:
        node: Its name.
        read: Rows that it sent.
        new: Those of them that were not collected before.
        malformed: Rows that are not events, left out.
        error: Why it was not read to the end; None: it was.
    """

    node: str
    read: int = 0
    new: int = 0
    malformed: int = 0
    error: str | None = None


def clients_of(
    target: Target, config: HarperConfig | None = None
) -> list[tuple[str, HarperClient]]:
    """Returns name and client of each node.

    Args:
        target: The nodes.
        config: Whose login to use; None: the target's.
    """
    config = config or target.client.config
    return [
        (node.name or node.url, client_of(node, config, patience=_PATIENCE))
        for node in target.nodes
    ]


def collect(
    clients: Sequence[tuple[str, HarperClient]],
    database: str,
    store: EventStore,
    *,
    full: bool = False,
    page_rows: int = PAGE_ROWS,
    flush_rows: int = FLUSH_ROWS,
    progress: Progress = lambda node, rows: None,
) -> list[Pulled]:
    """Collects the new events of all nodes; one that does not answer does not affect the others.

    Args:
        clients: Name and client of each node.
        database: The domain's database.
        store: Where they are stored; the caller holds its lock.
        full: Read all stored events, not only those after the watermark.
        page_rows: Rows per request.
        flush_rows: Rows held in memory before they are written.
        progress: Called with a node's name and the rows read of it so far.

    Returns:
        The result of each node, in their order.
    """
    return [
        _Pull(name, client, database, store, page_rows, flush_rows, progress).run(full)
        for name, client in clients
    ]


class _Pull:
    """Collects one node at a time; holds at most `flush_rows` and a page."""

    def __init__(
        self,
        name: str,
        client: HarperClient,
        database: str,
        store: EventStore,
        page_rows: int,
        flush_rows: int,
        progress: Progress,
    ) -> None:
        self.name, self.client, self.database, self.store = name, client, database, store
        self.page_rows, self.flush_rows, self.progress = page_rows, flush_rows, progress
        self.read = self.new = self.malformed = 0
        self.held: list[pa.Table] = []

    def run(self, full: bool) -> Pulled:
        error = None
        marks = {} if full else dict(self.store.read_state().get(self.name, {}))
        try:
            for origin in self._origins():
                for page in self._pages(origin, marks.get(origin)):
                    self._hold(page)
                    marks[origin] = max(marks.get(origin, ""), page[-1]["arrival"])
                    if sum(table.num_rows for table in self.held) >= self.flush_rows:
                        self._flush(marks)
        except HarperError as problem:
            log.warning("%s: %s", self.name, problem)
            error = str(problem)
        self._flush(marks)
        return Pulled(self.name, self.read, self.new, self.malformed, error)

    def _hold(self, page: list[dict[str, Any]]) -> None:
        table, malformed = table_of(page)
        self.held.append(table)
        self.read += len(page)
        self.malformed += malformed
        self.progress(self.name, self.read)

    def _flush(self, marks: dict[str, str]) -> None:
        if not self.held:
            return
        self.new += self.store.append(pa.concat_tables(self.held))
        self.held = []
        # After the events: after a crash in between, the next run reads them again and drops them.
        self.store.write_state(self.store.read_state() | {self.name: marks})

    def _origins(self) -> Iterator[str]:
        """Yields the nodes whose rows this node has, by skipping from one prefix to the next."""
        after = ""
        while rows := self._search("greater_than", after, 1, ["arrival"]):
            origin = str(rows[0]["arrival"]).rpartition("/")[0]
            yield origin
            after = f"{origin}/{_END}"

    def _pages(self, origin: str, mark: str | None) -> Iterator[list[dict[str, Any]]]:
        last = _before(origin, mark)
        end = f"{origin}/{_END}"
        while True:
            found = self._search("between", [last, end], self.page_rows + 1, SCHEMA.names)
            page = [row for row in found if row["arrival"] > last]
            if page:
                yield page
                last = page[-1]["arrival"]
            if len(found) <= self.page_rows:
                return

    def _search(
        self, comparator: str, value: Any, limit: int, attributes: list[str]
    ) -> list[dict[str, Any]]:
        condition = {
            "search_attribute": "arrival",
            "search_type": comparator,
            "search_value": value,
        }
        found: list[dict[str, Any]] = self.client.operation(
            "search_by_conditions",
            database=self.database,
            table=TABLE,
            conditions=[condition],
            sort={"attribute": "arrival"},
            limit=limit,
            get_attributes=attributes,
        )
        return found


def _before(origin: str, mark: str | None) -> str:
    moment = str(mark).rpartition("/")[2][:13] if mark else ""
    if not moment.isdecimal():
        return f"{origin}/"
    return f"{origin}/{max(0, int(moment) - OVERLAP_MS):013d}"


def forget_on_node(client: HarperClient, database: str, session: str) -> int:
    """Deletes a session's rows on a node; HarperDB replicates that.

    Returns:
        How many rows there were.

    Raises:
        HarperError: the node does not answer, or the user may not delete there.
    """
    found = client.operation(
        "search_by_value",
        database=database,
        table=TABLE,
        attribute="session",
        value=session,
        get_attributes=["id"],
    )
    ids = [str(row["id"]) for row in found]
    client.delete(database, TABLE, ids)
    return len(ids)
