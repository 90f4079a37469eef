"""Guesses how a file is written and what its columns mean, for a person to confirm."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from training.domains.bad_rows import BadRows
from training.domains.lists import JSON
from training.domains.source_files import copy_as_utf8, encoding_of
from training.domains.tabular import Layout, header_of, literal, load
from training.domains.times import seconds
from training.errors import DataError

_HEAD = 1 << 20
"""Bytes that are looked at."""
_SEPARATORS = ("\t", ";", "|", ",")
_JSON = (".json", ".jsonl", ".ndjson")
USER = [
    "user",
    "customer",
    "session",
    "visitor",
    "account",
    "member",
    "person",
    "client",
    "listener",
    "reader",
    "uid",
    "who",
]
ITEM = [
    "item",
    "product",
    "sku",
    "movie",
    "film",
    "book",
    "isbn",
    "song",
    "track",
    "article",
    "page",
    "asin",
    "game",
    "video",
    "recipe",
    "url",
    "what",
]
STRENGTH = [
    "rating",
    "strength",
    "weight",
    "score",
    "stars",
    "plays",
    "count",
    "quantity",
    "amount",
    "value",
]
TIME = ["timestamp", "time", "datetime", "date", "at", "created", "when", "ts"]
TITLE = ["title", "name", "label"]
CREATOR = ["creator", "author", "artist", "director", "maker", "brand", "by"]
YEAR = ["year"]
GROUPS = ["genre", "genres", "category", "categories", "tag", "tags", "topic", "topics"]
RATINGS = ("rating", "score", "stars")


@dataclass(frozen=True)
class Sniffed:
    """What was found.

    Attributes:
        layout: How the file is written.
        columns: Names of its columns; for JSON, its keys.
        rows: The first rows, as text.
        encoding: Of a text, for people; "" for Parquet.
    """

    layout: Layout
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    encoding: str = ""

    def column(self, words: Sequence[str], taken: Sequence[str] = ()) -> str:
        """Returns the column whose name is one of the words, such as ``movieId``; "": none."""
        free = [name for name in self.columns if name not in taken]
        for word in words:
            for name in free:
                if _bare(name) == word:
                    return name
        return next((name for name in free if any(word in _words(name) for word in words)), "")

    def values(self, column: str) -> list[float]:
        """Returns the numbers of a column in the first rows."""
        place = self.columns.index(column)
        found = []
        for row in self.rows:
            try:
                found.append(float(row[place]))
            except ValueError:
                continue
        return found

    def separator_of(self, column: str) -> str:
        """Returns what is between the values of a column of lists, "json", or "" if it has none."""
        place = self.columns.index(column)
        values = [row[place] for row in self.rows if row[place]]
        if values and all(value.startswith("[") and value.endswith("]") for value in values):
            return JSON
        return next((one for one in ("|", ";", ",") if any(one in value for value in values)), "")

    def holds_times(self, column: str) -> bool:
        """Whether every value of a column in the first rows can be read as a time."""
        import duckdb

        place = self.columns.index(column)
        values = [row[place] for row in self.rows]
        query = f"SELECT coalesce(bool_and({seconds('value')} IS NOT NULL), false) FROM given"
        with duckdb.connect() as connection:
            connection.execute(
                "CREATE TABLE given AS SELECT unnest(?::VARCHAR[]) AS value", [values]
            )
            return bool(connection.sql(query).fetchall()[0][0])


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+", name)]


def _bare(name: str) -> str:
    return "".join(word for word in _words(name) if word not in ("id", "ids"))


def sniff(path: Path, *, separator: str | None = None) -> Sniffed:
    """Looks at the beginning of a file.

    Args:
        path: The file.
        separator: Of a CSV file, if it is known.

    Raises:
        DataError: it is corrupt, no text, or has one column only.
    """
    with tempfile.TemporaryDirectory(prefix="recommender-") as folder:
        head = Path(folder) / "head.txt"
        if _is_parquet(path):
            layout, source = Layout("parquet"), path
        else:
            copy_as_utf8(path, head, most=_HEAD)
            layout, source = _layout(path, head, separator), head
        columns = _columns(layout, source)
        if len(columns) < 2:
            found = repr(", ".join(columns)[:80])
            remedy = "Name the separator with --separator."
            raise DataError(path, expected="two or more columns", found=found, remedy=remedy)
        encoding = "" if source is path else encoding_of(path)
        return Sniffed(layout, columns, _rows(path, layout, source, columns), encoding)


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _layout(path: Path, head: Path, separator: str | None) -> Layout:
    with head.open(encoding="utf-8") as file:
        first = file.readline()
        second = file.readline()
    if any(suffix in _JSON for suffix in path.suffixes) or first.lstrip().startswith("{"):
        return Layout("jsonl")
    # DuckDB tries no separator of two characters.
    double = "::" if "::" in first and "::" in (second or first) else None
    layout = _csv_layout(path, head, separator or double)
    if separator is None and len(header_of(head, layout)) == 1:
        # Broken rows can mislead it: the first line decides.
        separator = next((one for one in _SEPARATORS if one in first), None)
        layout = _csv_layout(path, head, separator) if separator else layout
    return layout


def _csv_layout(path: Path, head: Path, given: str | None) -> Layout:
    import duckdb

    option = f", delim={literal(given)}" if given else ""
    try:
        with duckdb.connect() as connection:
            query = f"SELECT Delimiter, Quote, HasHeader FROM sniff_csv({literal(head)}{option})"
            separator, quote, header = connection.sql(query).fetchall()[0]
    except duckdb.Error as error:
        text = str(error).splitlines()[0]
        remedy = "Name the separator with --separator."
        raise DataError(path, expected="a table", found=text, remedy=remedy) from error
    layout = Layout("csv", separator, quote if quote == "'" else '"', header)
    # Where all columns are text, a header looks like any other row, but for these words.
    named = Sniffed(layout, tuple(header_of(head, replace(layout, header=True))), ())
    if named.column(USER) and named.column(ITEM):
        return replace(layout, header=True)
    return layout


def _columns(layout: Layout, source: Path) -> tuple[str, ...]:
    import duckdb

    if layout.format == "csv":
        return tuple(header_of(source, layout))
    reader = "read_parquet" if layout.format == "parquet" else "read_json"
    options = (
        "" if layout.format == "parquet" else ", format='newline_delimited', ignore_errors=true"
    )
    try:
        with duckdb.connect() as connection:
            query = f"SELECT * FROM {reader}({literal(source)}{options}) LIMIT 0"
            relation = connection.sql(query)
            return tuple(_leaves(relation.columns, relation.types))
    except duckdb.Error as error:
        text = str(error).splitlines()[0]
        raise DataError(source.name, expected=f"a {layout.format} file", found=text) from error


def _leaves(names: Sequence[str], types: Sequence[Any]) -> list[str]:
    """Returns the names, and for an object in JSON those of its keys: ``user.id``."""
    found = []
    for name, kind in zip(names, types, strict=True):
        if getattr(kind, "id", "") == "struct":
            keys = [key for key, _ in kind.children]
            inner = _leaves(keys, [child for _, child in kind.children])
            found += [f"{name}.{key}" for key in inner]
        else:
            found.append(name)
    return found


def _rows(
    path: Path, layout: Layout, source: Path, columns: tuple[str, ...]
) -> tuple[tuple[str, ...], ...]:
    import duckdb

    bad = BadRows(path, 1.0, "", layout.separator)
    named = {f"c{place}": column for place, column in enumerate(columns)}
    with duckdb.connect() as connection:
        load(connection, source, layout, named, bad)
        found = connection.sql("SELECT * EXCLUDE line FROM loaded LIMIT 1000").fetchall()
    return tuple(tuple(row) for row in found)
