"""What a HarperDB table looks like to a person who describes it: columns and first rows."""

from __future__ import annotations

from training.domains.harper_table import parsed
from training.domains.sniff import Sniffed
from training.domains.tabular import Layout
from training.errors import ConfigError, DataError
from training.harper.client import HarperClient
from training.sources.table import table_of
from training.sources.values import leaves, text_of, value_at

ROWS = 1000
"""Rows that are looked at."""


def sniff_table(client: HarperClient, name: str, *, option: str) -> Sniffed:
    """Looks at the first rows of a table.

    Args:
        client: The node to ask.
        name: Such as ``harperdb:shop.orders``.
        option: What names it, for errors.

    Raises:
        ConfigError: the name is wrong, or there is no such table.
        DataError: the table is empty.
        HarperError: the node does not answer, or the user may not read the table.
    """
    try:
        database, table = parsed(name)
    except ValueError as error:
        raise ConfigError(f"{option} {name}: {error}") from error
    there = table_of(client, database, table)
    rows = there.first(ROWS)
    if not rows:
        raise DataError(name, expected="rows", found="an empty table")
    columns = list(dict.fromkeys(column for row in rows for column in leaves(row)))
    # What HarperDB adds by itself says little: last.
    columns.sort(key=lambda column: column.startswith("__"))
    texts = tuple(tuple(text_of(value_at(row, one)).strip() for one in columns) for row in rows)
    return Sniffed(Layout("parquet"), tuple(columns), texts)
