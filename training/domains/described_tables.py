"""HarperDB tables of a description: as sources, and read from the rows that were pulled."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from pydantic_core import PydanticCustomError

from training.domains.described_data import TableSource, read_interactions, read_items
from training.domains.domain import TIME, Domain
from training.domains.harper_table import HarperTable, is_table, parsed
from training.domains.tabular import Layout
from training.errors import ConfigError


def check_files(files: str) -> str:
    """Returns what ``files`` names, if it is no wrong name of a table.

    Raises:
        PydanticCustomError: it is.
    """
    if is_table(files):
        try:
            parsed(files)
        except ValueError as error:
            raise PydanticCustomError("table", "{why}", {"why": str(error)}) from error
    return files


def source_of(
    domain: str,
    section: str,
    files: str,
    layout: Layout,
    columns: dict[str, str],
    lists: dict[str, str] | None = None,
) -> TableSource:
    """Returns a source: files, or a HarperDB table where ``files`` names one.

    Args:
        domain: The domain's name.
        section: The section of the description.
        files: What it names.
        layout: How files are written.
        columns: The source's column by our name.
        lists: As `TableSource` has them.
    """
    lists = lists or {}
    if not is_table(files):
        return TableSource(section, files, layout, columns, lists)
    database, name = parsed(files)
    wanted = tuple(dict.fromkeys(columns.values()))
    table = HarperTable(domain, section, database, name, wanted, columns.get(TIME, ""))
    return TableSource(section, files, Layout("parquet"), columns, lists, table)


def read_tables(
    domain: Domain, tables: Path, *, path: Path, sources: tuple[TableSource, TableSource | None]
) -> Domain:
    """Returns the domain, whose tables are read from a folder of pulled rows.

    Args:
        domain: The domain.
        tables: ``artifacts/<domain>/tables``.
        path: The description's file.
        sources: Of its interactions and its items.
    """
    interactions = replace(sources[0], tables=tables)
    items = replace(sources[1], tables=tables) if sources[1] else None
    return replace(
        domain,
        read_interactions=partial(read_interactions, source=interactions),
        read_items=partial(read_items, source=items),
        find_files=partial(files_of, path, (interactions, items)),
    )


def files_of(
    path: Path, sources: tuple[TableSource, TableSource | None], base: Path
) -> dict[str, Path]:
    """Returns the description and the files that are read, each by a name of its own.

    Args:
        path: The description's file.
        sources: Of its interactions and its items.
        base: Folder that relative names start from.
    """
    found = {path.name: path}
    for source in filter(None, sources):
        paths = source.paths(base)
        for part in paths:
            name = part.name if len(paths) == 1 else f"{source.name}/{part.name}"
            while name in found:
                name += "+"
            found[name] = part
    return found


def check_databases(domain: Domain, where: str) -> None:
    """Makes sure that a domain does not read from the database that it is deployed into.

    Raises:
        ConfigError: it does.
    """
    for table in domain.tables:
        if table.database == domain.database:
            raise ConfigError(
                f"{where}: project = {domain.project!r} would be deployed into the database "
                f"{domain.database!r}, which {table} is read from: choose another project"
            )
