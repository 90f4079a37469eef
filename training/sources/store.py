"""Pulled rows on disk: Parquet files, and two notes that say which of them count.

`PULLED` lists the files of the last finished pull, `RUNNING` those of a pull that is not finished
and how far it got. A file that neither lists is left over from a killed process. Each row is
stored once, by its primary key.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from training.domains.durable import PARTIAL, commit, write_json
from training.domains.harper_table import KEY, PULLED
from training.domains.tabular import literal
from training.sources.marks import Mark

if TYPE_CHECKING:
    import duckdb

RUNNING = "running.json"
MOST_FILES = 50
"""Files that are kept before they are joined into one."""


@dataclass(frozen=True)
class Note:
    """What `PULLED` holds.

    Attributes:
        source: `HarperTable.described`.
        url: The node that it was pulled from.
        files: Names of the files.
        rows: Number of rows in them.
        changes: Rows that were added, changed or removed by all pulls so far.
        mark: The latest time in them; None: there are no times.
        key: The table's primary key; "": noted by an earlier version.
    """

    source: dict[str, Any]
    url: str
    files: tuple[str, ...] = ()
    rows: int = 0
    changes: int = 0
    mark: Mark | None = None
    key: str = ""


@dataclass(frozen=True)
class Running(Note):
    """What `RUNNING` holds: of a pull that is not finished.

    Attributes:
        since: The time from which it reads; None: it reads everything.
        last: The primary key of the last stored row, in a list; empty: there is none.
        began: When it began, in seconds since 1970.
    """

    since: Mark | None = None
    last: list[Any] = field(default_factory=list)
    began: float = 0.0


class TableStore:
    """The pulled rows of one table.

    Args:
        folder: ``artifacts/<domain>/tables/<section>``; the caller holds the domain's lock.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def pulled(self) -> Note | None:
        """Returns the note of the last finished pull; None: there is none."""
        found = self._read(PULLED)
        return None if found is None else Note(**found)

    def running(self) -> Running | None:
        """Returns the note of a pull that is not finished; None: there is none."""
        found = self._read(RUNNING)
        return None if found is None else Running(**found)

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            found = json.loads((self.folder / name).read_text(encoding="utf-8"))
            return dict(found) | {"files": tuple(found["files"])}
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None  # missing or corrupt: everything is read from the beginning

    def begin(self, running: Running) -> None:
        """Begins a pull, and removes the files of one that is not continued."""
        write_json(self.folder / RUNNING, asdict(running))
        self._sweep()

    def _sweep(self) -> None:
        listed = {name for note in (self.pulled(), self.running()) if note for name in note.files}
        for path in (*self.folder.glob("*.parquet"), *self.folder.glob(f"*{PARTIAL}")):
            if path.name not in listed:
                path.unlink()

    def append(self, running: Running, rows: pa.Table, last: Any, mark: Mark | None) -> Running:
        """Stores rows of the running pull.

        Args:
            running: The pull.
            rows: `KEY` and the columns, text.
            last: The primary key of the last of them.
            mark: The latest time so far.

        Returns:
            The pull with these rows.
        """
        path = self._next()
        partial = path.with_suffix(PARTIAL)
        pq.write_table(rows, partial, compression="zstd")
        commit(partial, path)
        files, count = (*running.files, path.name), running.rows + rows.num_rows
        running = replace(running, files=files, rows=count, last=[last], mark=mark)
        write_json(self.folder / RUNNING, asdict(running))
        return running

    def _next(self) -> Path:
        numbers = [int(path.stem.partition("-")[2]) for path in self.folder.glob("rows-*.parquet")]
        return self.folder / f"rows-{max(numbers, default=0) + 1:06}.parquet"

    def finish(self, running: Running) -> Note:
        """Makes the rows of the running pull count.

        Rows that are stored with the same values are left out. If there are no others, the stored
        files stay as they are, so that nothing that was made from them is stale.

        Returns:
            The note of the finished pull.
        """
        before = self.pulled()
        is_same = before is not None and before.source == running.source
        if before is None or not is_same or before.url != running.url:
            changes = running.rows + (before.changes if before else 0)
            note = self._note(running, running.files, running.rows, changes)
        elif running.since is None:
            note = self._replaced(before, running)
        else:
            note = self._extended(before, running)
        note = replace(note, key=running.key)
        write_json(self.folder / PULLED, asdict(note))
        (self.folder / RUNNING).unlink(missing_ok=True)
        self._sweep()
        return note

    def _note(self, pull: Note, files: Iterable[str], rows: int, changes: int) -> Note:
        return Note(pull.source, pull.url, tuple(files), rows, changes, pull.mark)

    def _replaced(self, before: Note, running: Running) -> Note:
        with _database() as connection:
            self._load(connection, before, running)
            added = _number(connection, "FROM pulled EXCEPT FROM stored")
            removed = _number(
                connection, f"SELECT {KEY} FROM stored EXCEPT SELECT {KEY} FROM pulled"
            )
        changed = added + removed
        kept = running if changed else before
        note = self._note(kept, kept.files, kept.rows, before.changes + changed)
        return replace(note, mark=running.mark)

    def _extended(self, before: Note, running: Running) -> Note:
        mark = before.mark if running.mark is None else running.mark
        if not running.files:
            return replace(before, mark=mark)
        with _database() as connection:
            self._load(connection, before, running)
            connection.sql("CREATE TABLE fresh AS FROM pulled EXCEPT FROM stored")
            changed = _number(connection, "FROM fresh")
            if not changed:
                return replace(before, mark=mark)
            files, replaced = self._without_fresh(connection, before)
            files.append(self._copy(connection, f"FROM fresh ORDER BY {KEY}"))
            if len(files) > MOST_FILES:
                files = [self._copy(connection, f"FROM {_read(self.folder, files)}")]
        note = self._note(running, files, before.rows + changed - replaced, 0)
        return replace(note, changes=before.changes + changed, mark=mark)

    def _without_fresh(
        self, connection: duckdb.DuckDBPyConnection, before: Note
    ) -> tuple[list[str], int]:
        """Returns the stored files without the rows that have changed, and how many these are."""
        files, replaced = [], 0
        for name in before.files:
            stored, known = _read(self.folder, [name]), f"{KEY} IN (SELECT {KEY} FROM fresh)"
            old = _number(connection, f"FROM {stored} WHERE {known}")
            replaced += old
            query = f"FROM {stored} WHERE NOT {known}"
            files.append(self._copy(connection, query) if old else name)
        return files, replaced

    def _load(self, connection: duckdb.DuckDBPyConnection, before: Note, running: Running) -> None:
        connection.sql(f"CREATE VIEW stored AS FROM {_read(self.folder, before.files)}")
        connection.sql(f"CREATE VIEW pulled AS FROM {_read(self.folder, running.files)}")

    def _copy(self, connection: duckdb.DuckDBPyConnection, query: str) -> str:
        path = self._next()
        partial = path.with_suffix(PARTIAL)
        connection.sql(f"COPY ({query}) TO {literal(partial)} (FORMAT parquet, COMPRESSION zstd)")
        commit(partial, path)
        return path.name


def _database() -> duckdb.DuckDBPyConnection:
    import duckdb

    return duckdb.connect(config={"threads": 2, "memory_limit": "2GB"})


def _read(folder: Path, files: Iterable[str]) -> str:
    return f"read_parquet([{', '.join(literal(folder / name) for name in files)}])"


def _number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(connection.sql(f"SELECT count(*) FROM ({query})").fetchall()[0][0])
