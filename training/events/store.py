"""Collected events on disk: Parquet files by day, each event once, whenever a process is killed.

A file is complete or absent: it is written under another name, synced and renamed. Only the files
themselves record which events are stored, so that no other record can disagree with them.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import secrets
import shutil
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from training.domains.durable import PARTIAL, commit, write_json
from training.errors import DataError, RecommenderError
from training.events.schema import REQUIRED, SCHEMA

BATCH_ROWS = 50_000
_DAY = "date="


class EventStore:
    """The collected events of one domain.

    Args:
        folder: ``artifacts/<domain>/events``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: np.ndarray | None = None

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Locks the store against other processes, and removes what a killed one left.

        Raises:
            RecommenderError: another process is using it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise RecommenderError(f"{self.folder} is in use by another process") from error
            for partial in self.folder.rglob(f"*{PARTIAL}"):
                partial.unlink()
            self._known = None
            yield

    def files(self, since: date | None = None) -> list[Path]:
        """Returns the files, by day, from a day on."""
        first = f"{_DAY}{since.isoformat()}" if since else ""
        found = self.folder.glob(f"{_DAY}*/*.parquet")
        return sorted(path for path in found if path.parent.name >= first)

    def count(self) -> int:
        """Returns the number of events, from the files' footers."""
        return sum(pq.read_metadata(path).num_rows for path in self.files())

    def batches(
        self, columns: Sequence[str] | None = None, *, since: date | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Yields the events, by day, at most `BATCH_ROWS` at a time.

        Args:
            columns: Of `SCHEMA`; None: all. One that a file of an earlier release lacks is null.
            since: The first day of arrival; None: all days.

        Raises:
            DataError: a file is not a Parquet file of ours.
        """
        wanted = pa.schema([SCHEMA.field(name) for name in columns or SCHEMA.names])
        for path in self.files(since):
            try:
                with pq.ParquetFile(path) as file:
                    _require_ours(file.schema_arrow)
                    for batch in file.iter_batches(BATCH_ROWS, columns=wanted.names):
                        yield _completed(batch, wanted)
            except pa.ArrowInvalid as error:
                raise DataError(
                    path,
                    expected="a Parquet file of events",
                    found=str(error),
                    remedy="Delete it and collect with --full; nodes keep events for 90 days.",
                ) from error

    def append(self, events: pa.Table) -> int:
        """Writes those events that are not stored yet and do not belong to a forgotten session.

        Args:
            events: Of `SCHEMA`; ids may repeat.

        Returns:
            How many were new.
        """
        if self._known is None:
            self._known = self._read_known()
        forgotten = self._forgotten()
        if forgotten:
            keep = [_digest(session) not in forgotten for session in events["session"].to_pylist()]
            events = events.filter(pa.array(keep, type=pa.bool_()))
        hashes = _hashes(events["id"])
        _, first = np.unique(hashes, return_index=True)
        is_new = np.zeros(len(hashes), bool)
        is_new[first] = ~_contains(self._known, hashes[first])
        new = events.filter(pa.array(is_new))
        days = pc.cast(new["arrived"], pa.date32())
        for day in sorted(set(days.to_pylist())):
            self._write(day, new.filter(pc.equal(days, pa.scalar(day, pa.date32()))))
        self._known = np.union1d(self._known, hashes[is_new])
        return new.num_rows

    def forget(self, session: str) -> int:
        """Deletes a session's events; those that are collected later are dropped.

        Returns:
            How many were deleted.
        """
        forgotten = self._forgotten() | {_digest(session)}
        write_json(self.folder / "forgotten.json", sorted(forgotten))
        deleted = 0
        for path in self.files():
            table = pq.read_table(path, schema=SCHEMA, partitioning=None)
            kept = table.filter(pc.not_equal(table["session"], session))
            if kept.num_rows == table.num_rows:
                continue
            deleted += table.num_rows - kept.num_rows
            if kept.num_rows:
                _write_parquet(path, kept)
            else:
                path.unlink()
        return deleted

    def expire(self, keep_days: int, today: date) -> int:
        """Removes whole days that are older than a number of days.

        Returns:
            How many days were removed.
        """
        oldest = f"{_DAY}{(today - timedelta(days=keep_days)).isoformat()}"
        old = [day for day in self.folder.glob(f"{_DAY}*") if day.name < oldest]
        for day in old:
            shutil.rmtree(day)
        return len(old)

    def read_state(self) -> dict[str, Any]:
        """Returns what `write_state` saved last, or {}."""
        path = self.folder / "state.json"
        try:
            watermarks = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}  # collecting starts from the beginning, and skips what is stored already
        return watermarks if isinstance(watermarks, dict) else {}

    def write_state(self, state: dict[str, Any]) -> None:
        """Saves how far collecting has got; called after the events were appended."""
        write_json(self.folder / "state.json", state)

    def _write(self, day: date, events: pa.Table) -> None:
        folder = self.folder / f"{_DAY}{day.isoformat()}"
        folder.mkdir(parents=True, exist_ok=True)
        _write_parquet(folder / f"{secrets.token_hex(8)}.parquet", events)

    def _read_known(self) -> np.ndarray:
        parts = [_hashes(batch.column("id")) for batch in self.batches(["id"])]
        return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.uint64)

    def _forgotten(self) -> set[str]:
        try:
            return set(json.loads((self.folder / "forgotten.json").read_text(encoding="utf-8")))
        except FileNotFoundError:
            return set()


def _require_ours(schema: pa.Schema) -> None:
    missing = [name for name in REQUIRED if name not in schema.names]
    if missing:
        raise pa.ArrowInvalid(f"no column {', '.join(missing)}")


def _completed(batch: pa.RecordBatch, wanted: pa.Schema) -> pa.RecordBatch:
    """Returns the batch with all wanted columns, in their order; null where it has none."""
    columns = [
        batch.column(field.name).cast(field.type)
        if field.name in batch.schema.names
        else pa.nulls(batch.num_rows, field.type)
        for field in wanted
    ]
    return pa.RecordBatch.from_arrays(columns, schema=wanted)


def _hashes(ids: pa.Array | pa.ChunkedArray) -> np.ndarray:
    # 64 bits: of ten million ids, two share a hash with a chance of 3 in a million.
    return pd.util.hash_array(ids.to_numpy(zero_copy_only=False).astype(object), categorize=False)


def _contains(known: np.ndarray, values: np.ndarray) -> np.ndarray:
    if not len(known):
        return np.zeros(len(values), bool)
    places = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return known[places] == values


def _digest(session: str) -> str:
    # The list of forgotten sessions must not contain their tokens.
    return hashlib.sha256(session.encode("utf-8")).hexdigest()


def _write_parquet(path: Path, events: pa.Table) -> None:
    partial = path.with_suffix(PARTIAL)
    pq.write_table(events, partial, compression="zstd", row_group_size=BATCH_ROWS)
    commit(partial, path)
