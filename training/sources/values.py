"""Values of rows as text: what a file of the same rows would hold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def attribute_of(column: str, attributes: Sequence[str]) -> str:
    """Returns the table's column that holds a column: ``customer`` for ``customer.id``."""
    return column if column in attributes else column.partition(".")[0]


def value_at(row: Mapping[str, Any], column: str) -> Any:
    """Returns the value of a column; None where the row lacks it."""
    if column in row:
        return row[column]
    value: Any = row
    for name in column.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def text_of(value: Any) -> str:
    """Returns a value as text: objects and lists as JSON, "" for null."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if text.isascii():
        return text
    # HarperDB stores halves of surrogate pairs; files cannot.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def leaves(row: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """Yields the columns of a row; those of an object in it by the keys: ``customer.id``."""
    for name, value in row.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, f"{before}{name}.")
        else:
            yield f"{before}{name}"
