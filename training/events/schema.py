"""The columns of collected events, and how rows of a node become them. See docs/events.md."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import pyarrow as pa

TABLE = "events"
"""The table on every node."""

TIME = pa.timestamp("ms", tz="UTC")
TIMES = ("at", "shown_at", "arrived")
"""Columns that are ms since 1970 in a node's rows."""
REQUIRED = ("id", "session", "type", "at", "arrived")

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("session", pa.string()),
        ("type", pa.string()),
        ("item", pa.string()),
        ("position", pa.int32()),
        ("at", TIME),
        ("answer", pa.string()),
        ("model", pa.string()),
        ("strategy", pa.string()),
        ("variant", pa.string()),
        ("shown_by", pa.string()),
        ("shown_at", TIME),
        ("shown", pa.string()),
        ("propensity", pa.float32()),
        ("node", pa.string()),
        ("arrived", TIME),
        ("arrival", pa.string()),
    ]
)

_LATEST = datetime(9999, 1, 1, tzinfo=timezone.utc).timestamp() * 1000


def table_of(rows: Sequence[Mapping[str, Any]]) -> tuple[pa.Table, int]:
    """Turns a node's rows into a table of `SCHEMA`.

    Args:
        rows: As they are stored: times in ms since 1970. Unknown attributes are left
            out.

    Returns:
        The table, and the number of rows that were left out because they lack what every event
        has: `REQUIRED`, of its type.
    """
    good = [row for row in rows if _is_event(row)]
    columns = [
        pa.array([_value(row, field.name) for row in good], type=field.type) for field in SCHEMA
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA), len(rows) - len(good)


def _is_event(row: Mapping[str, Any]) -> bool:
    texts = all(isinstance(row.get(name), str) and row[name] for name in ("id", "session", "type"))
    return texts and all(_is_time(row.get(name)) for name in ("at", "arrived"))


def _is_time(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and 0 <= value < _LATEST


def _value(row: Mapping[str, Any], name: str) -> Any:
    value = row.get(name)
    if name in TIMES:
        return int(value) if _is_time(value) else None  # type: ignore[arg-type]
    if name == "propensity":
        return value if isinstance(value, float) and 0 < value <= 1 else None
    if name == "position":
        return value if isinstance(value, int) and 0 < value < 2**31 else None
    return value if isinstance(value, str) else None


def digest_of(item: str) -> bytes:
    """Returns the 4 bytes by which a signed answer, and the column ``shown``, name an item."""
    return hashlib.sha256(item.encode("utf-8")).digest()[:4]
