"""Reading columns of CSV, JSON Lines and Parquet files with DuckDB, whatever wrote them.

Every value is read as text. Rows that cannot be read are counted by reason, with the line of the
first one.
"""

from __future__ import annotations

import csv
import difflib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from training.domains.bad_rows import FIELDS, BadRows
from training.domains.source_files import copy_as_utf8
from training.errors import DataError

if TYPE_CHECKING:
    import duckdb

Format = Literal["csv", "jsonl", "parquet"]
LINE = "line"
"""Column of a loaded table: the row's line in its file."""
_LONGEST_LINE = 1 << 22


@dataclass(frozen=True)
class Layout:
    """How files are written.

    Attributes:
        format: Their format.
        separator: Between two fields of a CSV file.
        quote: Around a field of a CSV file; "": none.
        header: Whether a CSV file begins with the columns' names; without one they are
            ``column0``, ``column1``, …
    """

    format: Format = "csv"
    separator: str = ","
    quote: str = '"'
    header: bool = True


@dataclass(frozen=True)
class _File:
    """A file that is being read: the arguments of `load`, and where its UTF-8 copy is."""

    connection: duckdb.DuckDBPyConnection
    path: Path
    source: Path
    layout: Layout
    columns: dict[str, str]
    bad: BadRows


def load(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    layout: Layout,
    columns: dict[str, str],
    bad: BadRows,
) -> int:
    """Reads one file into a new table ``loaded (line, <names>)`` of trimmed text, "" where missing.

    Args:
        connection: A database in memory.
        path: The file.
        layout: How it is written.
        columns: By name in the table: the file's column; for JSON, a key or a path ``user.id``.
        bad: Counts the rows that do not split into columns.

    Returns:
        Number of rows in the file, the unreadable ones included.

    Raises:
        DataError: a column is missing, or the file is corrupt.
    """
    import duckdb

    before = bad.dropped.get(FIELDS, 0)
    try:
        with tempfile.TemporaryDirectory(prefix="recommender-") as folder:
            source = path
            if layout.format != "parquet":
                source = Path(folder) / "rows.txt"
                copy_as_utf8(path, source)
            # pandas may hold fewer rows than a file has: the table stays in DuckDB until checked.
            read = {"csv": _load_csv, "jsonl": _load_json, "parquet": _load_parquet}
            read[layout.format](_File(connection, path, source, layout, columns, bad))
    except (duckdb.OperationalError, duckdb.DataError, duckdb.InvalidInputException) as error:
        text = str(error).splitlines()[0]
        remedy = "Is its format right in domain.toml?"
        raise DataError(
            path, expected=f"a {layout.format} file", found=text, remedy=remedy
        ) from error
    rows = connection.sql("SELECT count(*) FROM loaded").fetchall()[0][0]
    return int(rows) + bad.dropped.get(FIELDS, 0) - before


def _load_parquet(file: _File) -> None:
    relation = f"read_parquet({literal(file.source)})"
    found = file.connection.sql(f"SELECT * FROM {relation} LIMIT 0")
    require(file.path, found.columns, file.columns)
    is_list = dict(zip(found.columns, (kind.id == "list" for kind in found.types), strict=True))
    values = [
        # As a text, a list would have no quotes around its values.
        f"CAST({f'to_json({name})' if is_list[column] else name} AS VARCHAR)"
        for column in file.columns.values()
        for name in [identifier(column)]
    ]
    _create(file, values, relation, "row_number() OVER ()")


def _load_json(file: _File) -> None:
    # One object a line, split here: DuckDB's own reader names no line for what it cannot read.
    texts = Layout(separator=chr(1), quote="", header=False)
    file.connection.sql(
        "CREATE OR REPLACE TEMP TABLE lines AS SELECT row_number() OVER () AS line, "
        "coalesce(text, '') AS text FROM "
        f"{_csv(file.source, texts, ['text'], rejects=False)}"
    )
    file.connection.sql("DELETE FROM lines WHERE trim(text) = ''")
    # A cast of what is no JSON would be an error.
    good = "coalesce(json_type(CASE WHEN json_valid(text) THEN text END) = 'OBJECT', false)"
    for line, text in file.connection.sql(f"SELECT * FROM lines WHERE NOT {good}").fetchall():
        file.bad.add(line, FIELDS, "one JSON object on each line", text)
    relation = f"(SELECT * FROM lines WHERE {good})"
    values = [f"json_extract_string(text, {literal(_json_path(c))})" for c in file.columns.values()]
    _create(file, values, relation, LINE)
    for name, column in file.columns.items():
        some = file.connection.sql(f"SELECT 1 FROM loaded WHERE {identifier(name)} <> '' LIMIT 1")
        if not some.fetchall():
            keys = file.connection.sql(f"SELECT json_keys(text) FROM {relation} LIMIT 1").fetchall()
            if keys:
                raise missing_column(file.path, column, keys[0][0])


def _json_path(column: str) -> str:
    return "$" + "".join(f'."{key}"' for key in column.split("."))


def _load_csv(file: _File) -> None:
    names = header_of(file.source, file.layout)
    require(file.path, names, file.columns)
    places = [f"c{place}" for place in range(len(names))]
    values = [places[names.index(column)] for column in file.columns.values()]
    number = f"row_number() OVER () + {int(file.layout.header)}"
    _create(file, values, _csv(file.source, file.layout, places), number)
    rejected = file.connection.sql(
        "SELECT line, any_value(csv_line) FROM reject_errors GROUP BY line ORDER BY line"
    ).fetchall()
    for name in ("reject_errors", "reject_scans"):
        file.connection.sql(f"DROP TABLE {name}")
    for line, text in rejected:
        file.bad.add(
            line,
            FIELDS,
            f"{len(names)} fields separated by {file.layout.separator!r}",
            (text or "").strip(),
        )
    skipped = {line for line, _ in rejected} | _blank_lines(file.source)
    _number(file.connection, sorted(skipped))


def _blank_lines(source: Path) -> set[int]:
    with source.open("rb") as file:
        return {number for number, line in enumerate(file, start=1) if line in (b"\n", b"\r\n")}


def _number(connection: duckdb.DuckDBPyConnection, skipped: list[int]) -> None:
    """Turns the numbers of the rows that were read into those of their lines."""
    if skipped:
        # The nth skipped line, from 0, moves every row from its number less n on by one.
        since = [line - n for n, line in enumerate(skipped)]
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE moved AS SELECT since, row_number() OVER "
            "(ORDER BY since) AS n FROM (SELECT unnest(?) AS since)",
            [since],
        )
        connection.sql(
            "CREATE OR REPLACE TEMP TABLE loaded AS SELECT loaded.* REPLACE "
            "(line + coalesce(n, 0) AS line) FROM loaded ASOF LEFT JOIN (SELECT since, max(n) AS n "
            "FROM moved GROUP BY since) AS moved ON line >= since ORDER BY line"
        )


def _csv(source: Path, layout: Layout, places: Sequence[str], *, rejects: bool = True) -> str:
    types = ", ".join(f"{place}: 'VARCHAR'" for place in places)
    quote = literal(layout.quote)
    return (
        f"read_csv({literal(source)}, auto_detect=false, delim={literal(layout.separator)}, "
        f"quote={quote}, escape={quote}, header={str(layout.header).lower()}, "
        f"columns={{{types}}}, store_rejects={str(rejects).lower()}, "
        f"ignore_errors=true, parallel=false, max_line_size={_LONGEST_LINE})"
    )


def _create(file: _File, values: Sequence[str], relation: str, number: str) -> None:
    named = ", ".join(
        f"trim(coalesce({value}, '')) AS {identifier(name)}"
        for name, value in zip(file.columns, values, strict=True)
    )
    file.connection.sql(
        f"CREATE OR REPLACE TEMP TABLE loaded AS SELECT {number} AS line, {named} FROM {relation}"
    )


def header_of(source: Path, layout: Layout) -> list[str]:
    """Returns the names of a CSV file's columns; ``column0``, … where it has no header."""
    with source.open(encoding="utf-8", errors="replace", newline="") as file:
        line = file.readline(_LONGEST_LINE).rstrip("\r\n")
    if layout.quote and layout.quote in line and len(layout.separator) == 1:
        split = csv.reader([line], delimiter=layout.separator, quotechar=layout.quote)
        names = next(split, [])
    else:
        names = line.split(layout.separator)
    names = [name.strip() for name in names]
    return names if layout.header else [f"column{place}" for place in range(len(names))]


def require(path: Path, names: Sequence[str], columns: dict[str, str]) -> None:
    """Makes sure that a file has the columns.

    Raises:
        DataError: one is missing, or its name stands twice.
    """
    for column in columns.values():
        if column not in names:
            raise missing_column(path, column, names)
        if list(names).count(column) > 1:
            raise DataError(path, expected=f"one column {column!r}", found="several")


def missing_column(path: Path | str, column: str, names: Sequence[str]) -> DataError:
    """Returns the error of a column that a file does not have."""
    near = difflib.get_close_matches(column, names, 1, 0.6)
    meant = f"Did you mean {near[0]!r}? " if near else ""
    return DataError(
        path,
        expected=f"a column {column!r}",
        found=repr(", ".join(names)[:200]),
        remedy=f"{meant}Columns and separator are set in domain.toml.",
    )


def literal(value: object) -> str:
    """Returns a text as SQL."""
    text = str(value).replace("'", "''")
    return f"'{text}'"


def identifier(name: str) -> str:
    """Returns a name as SQL."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
