"""The books: Book-Crossing (who rated which ISBN), as on Kaggle or as in the original dump."""

from __future__ import annotations

import codecs
import csv
import html
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from training.domains.bad_rows import FIELDS, NOT_UTF8, BadRows
from training.domains.domain import (
    ITEM_ID,
    STRENGTH,
    TITLE,
    USER_ID,
    Remote,
    Site,
    Source,
    Table,
)
from training.domains.reader import Reader
from training.domains.reading import find, opened
from training.errors import DataError

RATINGS = Source(
    names=("Ratings.csv", "BX-Book-Ratings.csv"),
    what="Book-Crossing's ratings",
    columns="User-ID, ISBN, Book-Rating (0..10; 0: no rating given)",
)
TITLES = Source(
    names=("Books.csv", "BX-Books.csv"),
    what="Book-Crossing's titles",
    columns="ISBN, Book-Title, Book-Author, Year-Of-Publication, Publisher, …",
)
USERS = Source(
    names=("Users.csv", "BX-Users.csv"),
    what="Book-Crossing's readers; nothing in it is used",
    columns="User-ID, Location, Age",
    required=False,
)
SITE = Site(
    base="https://www.kaggle.com",
    page="https://www.kaggle.com/datasets/arashnic/book-recommendation-dataset",
    remotes=(
        Remote(
            "api/v1/datasets/download/arashnic/book-recommendation-dataset",
            "book-recommendation-dataset.zip",
            holds=("Ratings.csv", "Books.csv", "Users.csv"),
            optional=("Users.csv",),
        ),
    ),
    login=("KAGGLE_USERNAME", "KAGGLE_KEY"),
    get_key="make an API key at https://www.kaggle.com/settings (kaggle.json holds both)",
)
_RATINGS = {str(rating) for rating in range(11)}


@dataclass(frozen=True)
class Dialect:
    """How a file is written.

    Attributes:
        delimiter: Between two fields.
        encoding: Of the bytes.
        escape: Character that escapes a quote, if any.
    """

    delimiter: str
    encoding: str
    escape: str | None


def dialect_of(path: Path, head: bytes) -> Dialect:
    """Returns the dump's dialect or Kaggle's, judging by the header line.

    Raises:
        DataError: the header line has neither a semicolon nor a comma.
    """
    header = head.split(b"\n", 1)[0]
    # A byte order mark: the dump was saved again as UTF-8.
    marked = head.startswith(codecs.BOM_UTF8)
    if header.count(b";") > header.count(b","):
        # ISO-8859-1 and backslashes: the dump is a MySQL export of 2004.
        return Dialect(";", "utf-8-sig" if marked else "iso-8859-1", "\\")
    if b"," in header:
        return Dialect(",", "utf-8-sig", None)
    raise DataError(
        path,
        line=1,
        expected="column names separated by commas or semicolons",
        found=repr(header[:80].decode(errors="replace")),
    )


def _records(
    path: Path, columns: dict[str, tuple[str, ...]], bad: BadRows
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yields (line number, requested columns) of each line; no columns if it is unreadable.

    One line is one record: a quote that is never closed spoils one record, not the rest of the
    file.
    """
    with opened(path) as file:
        head = file.readline()
        dialect = dialect_of(path, head)
        bad.separator = dialect.delimiter
        text = bad.decode(head, dialect.encoding)
        names = [c.strip().lower() for c in _split(text, dialect) or []]
        places = {key: _place(path, names, aliases) for key, aliases in columns.items()}
        least = max(places.values()) + 1
        for number, line in enumerate(file, start=2):
            if not line.strip():
                continue
            text = bad.decode(line, dialect.encoding).rstrip("\r\n")
            fields = _split(text, dialect)
            if fields is None or not least <= len(fields) <= len(names):
                expected = f"{len(names)} fields separated by {dialect.delimiter!r}"
                bad.add(number, FIELDS, expected, text)
                yield number, {}
            else:
                yield number, {key: fields[place].strip() for key, place in places.items()}


def _split(text: str, dialect: Dialect) -> list[str] | None:
    try:
        return next(
            csv.reader(
                [text.rstrip("\r\n")],
                delimiter=dialect.delimiter,
                escapechar=dialect.escape,
                doublequote=True,
                strict=True,
            )
        )
    except (csv.Error, StopIteration):
        return None


def _place(path: Path, names: list[str], aliases: tuple[str, ...]) -> int:
    for alias in aliases:
        if alias in names:
            return names.index(alias)
    raise DataError(
        path, line=1, expected=f"a column {aliases[0]}", found=repr(", ".join(names)[:80])
    )


def _isbn(text: str) -> str:
    """Returns an ISBN without hyphens and spaces, a check digit X in upper case."""
    return text.replace("-", "").replace(" ", "").upper()


def read_ratings(raw: Path, max_bad_rows: float) -> Table:
    """Reads the ratings.

    Args:
        raw: Folder with `RATINGS`.
        max_bad_rows: Share of unreadable rows, 0..1, above which reading stops.

    Returns:
        Rows of `USER_ID`, `ITEM_ID` (text) and `STRENGTH` (rating 1..10; 0: none given; float32).

    Raises:
        DataError: the file is missing, empty, not of either dialect or has too many bad rows.
    """
    path = find(raw, RATINGS)
    bad = BadRows(path, max_bad_rows, RATINGS.columns, ",")
    columns = {"user": ("user-id",), "isbn": ("isbn",), "rating": ("book-rating", "rating")}
    good: list[tuple[str, str, int]] = []
    read = 0
    for number, row in _records(path, columns, bad):
        read += 1
        if not row:
            continue
        rating, isbn = row["rating"], _isbn(row["isbn"])
        if rating not in _RATINGS:
            bad.add(number, "rating outside 0..10", "a rating, a whole number 0..10", rating)
        elif not (row["user"] and isbn):
            bad.add(number, "no user or ISBN", "a user and an ISBN", str(row))
        else:
            good.append((row["user"], isbn, int(rating)))
    bad.check(read)
    rows = pd.DataFrame(good, columns=[USER_ID, ITEM_ID, STRENGTH]).astype({STRENGTH: "float32"})
    zeros = int((rows[STRENGTH] == 0).sum())
    notes = {"ratings of 0 (no rating given)": zeros, NOT_UTF8: bad.not_utf8}
    return Table(rows, read, bad.dropped, notes)


def read_books(raw: Path, max_bad_rows: float) -> Table:
    """Reads titles, authors, years and publishers.

    Args:
        raw: Folder with `TITLES`.
        max_bad_rows: Share of unreadable rows, 0..1, above which reading stops.

    Returns:
        Rows of `ITEM_ID`, `TITLE`, ``author``, ``year`` ("" where unknown), ``publisher``; one per
        ISBN.

    Raises:
        DataError: the file is missing, empty, not of either dialect or has too many bad rows.
    """
    path = find(raw, TITLES)
    bad = BadRows(path, max_bad_rows, TITLES.columns, ",")
    columns = {
        ITEM_ID: ("isbn",),
        TITLE: ("book-title",),
        "author": ("book-author",),
        "year": ("year-of-publication",),
        "publisher": ("publisher", "book-publisher"),
    }
    books: dict[str, dict[str, str]] = {}
    read = again = 0
    for number, row in _records(path, columns, bad):
        read += 1
        if not row:
            continue
        isbn = _isbn(row[ITEM_ID])
        if not isbn:
            bad.add(number, "no ISBN", "an ISBN", str(row))
        elif isbn in books:
            again += 1
        else:
            # The dump has &amp;amp;: its titles were escaped, some of them twice.
            shown = {k: html.unescape(html.unescape(v)) for k, v in row.items()}
            year = shown["year"] if shown["year"].isdigit() and shown["year"] != "0" else ""
            books[isbn] = {**shown, ITEM_ID: isbn, "year": year}
    bad.check(read)
    return Table(
        pd.DataFrame(list(books.values()), columns=list(columns)),
        read,
        bad.dropped,
        {"ISBNs given twice": again, NOT_UTF8: bad.not_utf8},
    )


READER = Reader(
    code=__name__,
    sources=(RATINGS, TITLES, USERS),
    read_interactions=read_ratings,
    read_items=read_books,
    fields=("author", "year", "publisher"),
    site=SITE,
)
