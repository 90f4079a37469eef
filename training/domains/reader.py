"""How the rows of a domain are read; one is code where files are odd."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from training.domains.domain import Domain, Site, Source, Table
from training.domains.harper_table import HarperTable
from training.domains.protocol import Protocol


@dataclass(frozen=True)
class Reader:
    """How the rows of a domain are read; see `training.domains.songs.READER` for an example.

    Attributes:
        code: As `Domain.code`.
        read_interactions: As `Domain.read_interactions`.
        read_items: As `Domain.read_items`.
        fields: Fields of the items besides id and title.
        sources: As `Domain.sources`.
        site: As `Domain.site`.
        protocols: As `Domain.protocols`.
        folder: As `Domain.folder`.
        tables: As `Domain.tables`.
        read_tables: As `Domain.read_tables`.
    """

    code: str
    read_interactions: Callable[[Path, float], Table]
    read_items: Callable[[Path, float], Table]
    fields: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    site: Site | None = None
    protocols: tuple[Protocol, ...] = ()
    folder: Path | None = None
    tables: tuple[HarperTable, ...] = ()
    read_tables: Callable[[Domain, Path], Domain] | None = None


def reader_of(name: str) -> Reader:
    """Returns the ``READER`` of a module beside this one.

    Raises:
        ValueError: there is none.
    """
    try:
        found = getattr(importlib.import_module(f"training.domains.{name}"), "READER", None)
    except ModuleNotFoundError:
        found = None
    if not isinstance(found, Reader):
        raise ValueError(f"there is no module training/domains/{name}.py with a READER")
    return found
