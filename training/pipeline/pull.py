"""Pulls the HarperDB tables that a domain reads, before `prepare` reads the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from training.harper.client import HarperClient
from training.pipeline.folders import Folders
from training.sources.pull import Pulled, pull
from training.sources.store import TableStore

Progress = Callable[[str, int], None]
"""Called with a table's name and the number of rows read of it."""


def pull_tables(
    folders: Folders,
    client: HarperClient,
    *,
    full: bool = False,
    progress: Progress = lambda table, rows: None,
) -> Iterator[Pulled]:
    """Pulls each of a domain's tables; what is not stored already is added.

    Args:
        folders: Of the domain; the caller holds its lock.
        client: The node to ask, with a user that may read the tables.
        full: Read everything again, not only what is new.
        progress: Called after each page.

    Yields:
        The result of each table.

    Raises:
        ConfigError: there is no such table.
        DataError: a table is empty, or lacks a column.
        HarperError: the node does not answer, or the user may not read a table.
    """
    for table in folders.domain.tables:

        def read(rows: int, name: str = str(table)) -> None:
            progress(name, rows)

        yield pull(client, table, folders.tables, full=full, progress=read)


def changes(folders: Folders) -> dict[str, int]:
    """Returns how many rows all pulls have changed so far, by section of the description."""
    found = {}
    for table in folders.domain.tables:
        folder = table.folder(folders.tables)
        note = TableStore(folder).pulled() if folder.is_dir() else None
        found[table.section] = note.changes if note else 0
    return found
