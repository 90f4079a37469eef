"""Events of another tracker: JSON Lines or Parquet with the columns of docs/events.md."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from training.errors import DataError
from training.events.schema import SCHEMA, TIMES, table_of

ROWS = 50_000
"""Rows held in memory at a time."""
_NEEDED = ("id", "session", "type", "at")
_REMEDY = 'See docs/events.md, "Collecting".'


def read_events(path: Path, *, now: datetime) -> Iterator[pa.Table]:
    """Yields a file's events as tables of `SCHEMA`; other columns are left out.

    Args:
        path: ``.jsonl``, ``.ndjson`` or ``.json`` with one object a line, plain or ``.gz``; or
            ``.parquet``. Times are ISO 8601 with a zone, or ms since 1970.
        now: When they arrived, unless the file contains that.

    Raises:
        DataError: the file is missing or has another format, or a row is not an event.
    """
    if not path.is_file():
        raise DataError(path, expected="a file of events", found="no file")
    kind = path.name.removesuffix(".gz").rpartition(".")[2].lower()
    if kind in ("jsonl", "ndjson", "json"):
        rows = _json_rows(path)
    elif kind == "parquet":
        rows = _parquet_rows(path)
    else:
        raise DataError(path, expected=".jsonl, .jsonl.gz or .parquet", remedy=_REMEDY)
    arrived = int(now.timestamp() * 1000)
    held: list[dict[str, Any]] = []
    for number, row in enumerate(rows, start=1):
        held.append({"arrived": arrived} | _event(path, number, row))
        if len(held) == ROWS:
            yield table_of(held)[0]
            held = []
    if held:
        yield table_of(held)[0]


def _json_rows(path: Path) -> Iterator[Any]:
    opened = gzip.open if path.name.endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield json.loads(line)
            except ValueError as error:
                expected = "one JSON object a line"
                raise DataError(path, line=number, expected=expected, found=line[:60]) from error


def _parquet_rows(path: Path) -> Iterator[Any]:
    try:
        with pq.ParquetFile(path) as file:
            names = [name for name in file.schema_arrow.names if name in SCHEMA.names]
            for batch in file.iter_batches(ROWS, columns=names):
                yield from batch.to_pylist()
    except pa.ArrowInvalid as error:
        raise DataError(path, expected="a Parquet file", found=str(error)) from error


def _event(path: Path, number: int, row: Any) -> dict[str, Any]:
    """Returns the row as a node would have stored it."""
    if not isinstance(row, Mapping):
        raise DataError(path, line=number, expected="a JSON object", found=str(row)[:60])
    event = {name: row[name] for name in SCHEMA.names if row.get(name) is not None}
    for name in TIMES:
        if name in event:
            event[name] = _milliseconds(path, number, name, event[name])
    for name in _NEEDED:
        good = name == "at" or (isinstance(event.get(name), str) and event[name])
        if name not in event or not good:
            found = repr(row.get(name))[:60] if name in row else f"columns {', '.join(row)}"[:200]
            expected = f'a text "{name}"' if name != "at" else 'a time "at"'
            raise DataError(path, line=number, expected=expected, found=found, remedy=_REMEDY)
    return event


def _milliseconds(path: Path, number: int, name: str, value: Any) -> int:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            value = None
    if isinstance(value, datetime) and value.tzinfo is not None:
        return int(value.timestamp() * 1000)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 2.5e14:
        return int(value)
    expected = f"{name} as ISO 8601 with a zone, or as ms since 1970"
    raise DataError(path, line=number, expected=expected, remedy=_REMEDY)
