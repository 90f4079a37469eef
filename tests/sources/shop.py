"""A HarperDB table that a test fills, and what was pulled of it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.harper_places import Place, wait_for
from training.domains.harper_table import HarperTable
from training.errors import HarperRefused
from training.harper.client import HarperClient
from training.harper.node import until
from training.sources.pull import Pulled, pull

DATABASE, ORDERS = "shop", "orders"
BEGAN_MS = 1_764_400_000_000
"""A time long past, in ms."""
DAY_MS = 86_400_000
ASKED = 12
"""Requests after which each worker of a node was most probably asked."""
ATTEMPTS, LEARNING_SECONDS = 6, 20.0
"""How often a table is made, and how long workers have each time to learn of it."""


class Shop:
    """The table ``shop.orders`` of a place, empty at first."""

    def __init__(self, place: Place, folder: Path) -> None:
        self.place, self.folder = place, folder / "tables"
        self.make(ORDERS)

    @property
    def client(self) -> HarperClient:
        return self.place.target.client

    def make(self, table: str, **options: Any) -> None:
        """Makes an empty table that every worker of the node knows.

        A busy worker may miss that a table was dropped and made again: then it is made once more.
        """
        with contextlib.suppress(HarperRefused):
            self.client.operation("create_database", database=DATABASE)
        options = {"primary_key": "id"} | options

        def is_known() -> bool:
            return all(self._succeeds("describe_table", table) for _ in range(ASKED))

        for _ in range(ATTEMPTS):
            self._succeeds("drop_table", table)
            wait_for(lambda: self._succeeds("create_table", table, **options))
            if until(is_known, LEARNING_SECONDS):
                return
        raise AssertionError(f"a worker does not know {DATABASE}.{table}")

    def _succeeds(self, operation: str, table: str, **options: Any) -> bool:
        try:
            self.client.operation(operation, database=DATABASE, table=table, **options)
        except HarperRefused:  # workers learn late that a table was dropped, or made
            return False
        return True

    def put(self, *rows: dict[str, Any], table: str = ORDERS) -> None:
        # As JSON: CBOR cannot carry half of a surrogate pair.
        self.client.operation("upsert", database=DATABASE, table=table, records=list(rows))

    def delete(self, *keys: Any) -> None:
        self.client.delete(DATABASE, ORDERS, list(keys))

    def table(self, *columns: str, time: str = "", table: str = ORDERS) -> HarperTable:
        columns = columns or ("customer", "sku")
        return HarperTable("shop", "interactions", DATABASE, table, columns, time)

    def pull(self, *columns: str, time: str = "", table: str = ORDERS, **options: Any) -> Pulled:
        wanted = self.table(*columns, time=time, table=table)
        return pull(self.client, wanted, self.folder, **options)

    def rows(self, *columns: str, time: str = "", table: str = ORDERS) -> list[tuple[str, ...]]:
        """Returns the pulled rows, sorted."""
        wanted = self.table(*columns, time=time, table=table)
        found: list[tuple[str, ...]] = []
        for path in wanted.files(self.folder):
            read = pq.read_table(path, columns=list(wanted.columns)).to_pydict()
            found += zip(*read.values(), strict=True)
        return sorted(found)


def order(key: Any, customer: Any = "u", sku: Any = "a", **more: Any) -> dict[str, Any]:
    return {"id": key, "customer": customer, "sku": sku, **more}
