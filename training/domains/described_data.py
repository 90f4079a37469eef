"""Interactions and items of a domain that a description defines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from training.domains.bad_rows import BadRows
from training.domains.domain import ITEM_ID, STRENGTH, TIME, TITLE, USER_ID, Table
from training.domains.harper_table import HarperTable
from training.domains.lists import joined
from training.domains.parts import are_here_only
from training.domains.source_files import find_files
from training.domains.tabular import Layout, identifier, load
from training.domains.times import EXPECTED_TIME, seconds
from training.parallel.blocks import in_blocks
from training.parallel.engine import Shared

if TYPE_CHECKING:
    import duckdb

LONGEST_ID = 100
"""Most characters of an item's id: what the routes accept."""
_TOO_LONG = f"item ids of more than {LONGEST_ID} characters"
_ITEM_CHECKS = {
    "no item": (f"{ITEM_ID} = ''", ITEM_ID, "an item"),
    _TOO_LONG: (
        f"length({ITEM_ID}) > {LONGEST_ID}",
        ITEM_ID,
        f"an item's id of at most {LONGEST_ID} characters",
    ),
}
"""As `_checks` returns them: of whatever names items."""
_NUMBER = f"try_cast({STRENGTH} AS DOUBLE)"


@dataclass(frozen=True)
class TableSource:
    """Files that hold one table.

    Attributes:
        name: The section of the description, for errors.
        files: File, folder or pattern.
        layout: How they are written.
        columns: The file's column by our name.
        lists: Our names of columns that hold several values, with what is between two; or ``json``.
        table: The HarperDB table, if the files hold rows that were pulled from one.
        tables: Folder of the pulled rows; None: nothing was pulled.
    """

    name: str
    files: str
    layout: Layout
    columns: dict[str, str]
    lists: dict[str, str] = field(default_factory=dict)
    table: HarperTable | None = None
    tables: Path | None = None

    def paths(self, base: Path) -> list[Path]:
        """Returns the files; a relative name starts from ``base``."""
        if self.table:
            return self.table.files(self.tables)
        return find_files(base, self.files, key=f"{self.name}.files")


@contextmanager
def _database() -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    with duckdb.connect(config={"threads": 2}) as connection:
        # Times without an offset are in UTC, wherever this runs.
        connection.sql("SET TimeZone = 'UTC'")
        yield connection


def read_interactions(base: Path, max_bad_rows: float, source: TableSource) -> Table:
    """Reads who liked what how much.

    Args:
        base: Folder that relative names start from.
        max_bad_rows: Share of unreadable rows, 0..1, above which reading stops.
        source: Its columns are `USER_ID`, `ITEM_ID` and perhaps `STRENGTH` and `TIME`.

    Returns:
        Rows of `USER_ID`, `ITEM_ID` (categories, text), `STRENGTH` (float32; 1 if the source has
        none) and, if the source has it, `TIME` (float64, seconds since 1970).

    Raises:
        DataError: a file or column is missing, or too many rows are unreadable.
    """
    kept = _kept(source.columns)
    types = {STRENGTH: "FLOAT", TIME: "DOUBLE"}
    columns = ", ".join(f"{name} {types.get(name, 'VARCHAR')}" for name in kept)
    selected = ", ".join(kept.values())
    # Millions of ids as separate strings would take gigabytes.
    wanted = _Wanted(_checks(source.columns), columns, selected, encoded=(USER_ID, ITEM_ID))
    arrow, read, bad = _read(base, max_bad_rows, source, wanted)
    return Table(arrow.unify_dictionaries().to_pandas(), read, bad.dropped, {})


def _checks(columns: dict[str, str]) -> dict[str, tuple[str, str, str]]:
    """Returns by reason to drop a row: the condition, the column at fault, what is expected."""
    checks = {
        "no user": (f"{USER_ID} = ''", USER_ID, "a user"),
        **_ITEM_CHECKS,
    }
    if STRENGTH in columns:
        not_finite = f"{_NUMBER} IS NULL OR NOT isfinite({_NUMBER})"
        checks["strengths that are no numbers"] = (not_finite, STRENGTH, "a number as strength")
    if TIME in columns:
        checks["times that cannot be read"] = (f"{seconds(TIME)} IS NULL", TIME, EXPECTED_TIME)
    return checks


def _kept(columns: dict[str, str]) -> dict[str, str]:
    """Returns by column of the result how it is computed."""
    kept = {USER_ID: USER_ID, ITEM_ID: ITEM_ID, STRENGTH: _NUMBER if STRENGTH in columns else "1"}
    return kept | ({TIME: seconds(TIME)} if TIME in columns else {})


def read_items(base: Path, max_bad_rows: float, source: TableSource | None) -> Table:
    """Reads titles and other fields of the items.

    Args:
        base: Folder that relative names start from.
        max_bad_rows: Share of unreadable rows, 0..1, above which reading stops.
        source: Its columns are `ITEM_ID` and the fields; None: the domain has no such file.

    Returns:
        Rows of `ITEM_ID`, `TITLE` and the other fields, text, "" where unknown; one per item.

    Raises:
        DataError: a file or column is missing, or too many rows are unreadable.
    """
    if source is None:
        return Table(pd.DataFrame({ITEM_ID: [], TITLE: []}, dtype=object), 0, {}, {})
    names = list(source.columns)
    quoted = ", ".join(identifier(name) for name in names)
    columns = ", ".join(f"{identifier(name)} VARCHAR" for name in names)
    arrow, read, bad = _read(base, max_bad_rows, source, _Wanted(_ITEM_CHECKS, columns, quoted))
    rows = arrow.to_pandas().astype(object)
    once = rows.drop_duplicates(ITEM_ID, ignore_index=True)
    for name, separator in source.lists.items():
        once[name] = joined(once[name], separator)
    if TITLE not in once:
        once.insert(1, TITLE, "")
    return Table(once, read, bad.dropped, {"ids given twice": len(rows) - len(once)})


@dataclass(frozen=True)
class _Wanted:
    """What is kept of the rows of a file.

    Attributes:
        checks: By reason to drop a row: the condition, the column at fault, what is expected.
        columns: Names and types of what is kept.
        selected: How each is computed.
        encoded: Names of those that are returned as categories.
    """

    checks: dict[str, tuple[str, str, str]]
    columns: str
    selected: str
    encoded: tuple[str, ...] = ()


def _read(
    base: Path, max_bad_rows: float, source: TableSource, wanted: _Wanted
) -> tuple[pa.Table, int, BadRows]:
    """Returns the good rows of all files, how many rows there are, and the bad ones."""
    paths = source.paths(base)
    names = ", ".join(source.columns.values())
    bad = BadRows(paths[0], max_bad_rows, names, source.layout.separator)
    if source.table and source.tables:
        bad.what, bad.place_of = "table", partial(source.table.row_name, source.tables)
    bad.remedy = (
        f"Is this the right {bad.what}? The columns of [{source.name}] in domain.toml: {names}"
    )
    tables, read, here = [], 0, are_here_only(paths)
    shared = Shared((source.layout, source.columns, wanted))
    # Here one file at a time: DuckDB uses two cores for it.
    for table, count, rejected in in_blocks(_read_file, shared, paths, here=here, most_here=1):
        bad.include(rejected)
        bad.path = rejected.path
        tables.append(table)
        read += count
    if bad.dropped and max(bad.dropped, key=bad.dropped.__getitem__) == _TOO_LONG:
        bad.remedy = "Addresses hold the ids: give the items shorter ones, such as numbers"
    bad.check(read)
    return pa.concat_tables(tables), read, bad


def _read_file(
    how: tuple[Layout, dict[str, str], _Wanted], path: Path
) -> tuple[pa.Table, int, BadRows]:
    """Returns the good rows of one file, how many rows there are, and the bad ones."""
    layout, columns, wanted = how
    bad = BadRows(path, 1, ", ".join(columns.values()), layout.separator)
    with _database() as connection:
        read = load(connection, path, layout, columns, bad)
        for reason, (condition, column, expected) in wanted.checks.items():
            found = connection.sql(f"SELECT line, {column} FROM loaded WHERE {condition}")
            for line, text in found.fetchall():
                bad.add(line, reason, expected, text)
            connection.sql(f"DELETE FROM loaded WHERE {condition}")
        connection.sql(f"CREATE TABLE kept ({wanted.columns})")
        connection.sql(f"INSERT INTO kept SELECT {wanted.selected} FROM loaded")
        arrow = connection.sql("FROM kept").to_arrow_table()
    for name in wanted.encoded:
        encoded = arrow.column(name).dictionary_encode()
        arrow = arrow.set_column(arrow.column_names.index(name), name, encoded)
    return arrow, read, bad
