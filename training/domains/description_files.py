"""A ``domain.toml`` whose rows are in files of a usual format, or in HarperDB tables."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from training.config import CleanConfig
from training.domains.described_data import TableSource, read_interactions, read_items
from training.domains.described_tables import check_files, files_of, read_tables, source_of
from training.domains.description_sections import Described, Fields, Section, Text
from training.domains.domain import ITEM_ID, STRENGTH, TIME, TITLE, USER_ID
from training.domains.reader import Reader
from training.domains.tabular import Format, Layout

_Between = Annotated[str, Field(min_length=1, max_length=4)]
CREATOR, YEAR = "creator", "year"
_FIELD = r"^[a-z][a-z0-9_]{0,39}$"
_RESERVED = {"id", ITEM_ID, TITLE, CREATOR, YEAR, "popularity", "editions", "digest", "index"}


class _Files(Section):
    files: Annotated[Text, AfterValidator(check_files)]
    format: Format = "csv"
    separator: Annotated[str, Field(min_length=1, max_length=4)] = ","
    quote: Annotated[str, Field(max_length=1)] = '"'
    header: bool = True

    @property
    def layout(self) -> Layout:
        return Layout(self.format, self.separator, self.quote, self.header)


class _Interactions(_Files):
    user: Text
    item: Text
    strength: str = ""
    time: str = ""


class _Items(_Files):
    id: Text
    title: str = ""
    creator: str = ""
    year: str = ""
    fields: dict[str, Text] = Field(default_factory=dict)
    """Further fields, with their columns."""
    lists: dict[str, _Between] = Field(default_factory=dict)
    """Those of the fields that hold several values, with what is between two; or ``json``."""
    groups: list[str] = Field(default_factory=list)
    """Those of the fields whose values make items similar."""

    @model_validator(mode="after")
    def _check_fields(self) -> _Items:
        for name in self.fields:
            if not is_field(name):
                problem = "has a meaning already" if name in _RESERVED else "is not possible"
                raise ValueError(
                    f"items.fields.{name}: this name {problem}; choose another of at most 40 "
                    "lower-case letters, digits and underscores that begins with a letter"
                )
        for key, names in (("lists", self.lists), ("groups", self.groups)):
            for name in names:
                if name not in self.fields:
                    there = ", ".join(self.fields) or "none"
                    raise ValueError(
                        f"items.{key}: {name!r} is not one of items.fields; there are {there}"
                    )
        return self


class FileDescription(Described):
    """What such a ``domain.toml`` holds."""

    interactions: _Interactions
    items: _Items | None = None

    def fields(self) -> Fields:
        """Returns what the fields mean."""
        items = self.items
        if items is None:
            return Fields(tuple(self.named("", "")))
        creator, year = CREATOR if items.creator else "", YEAR if items.year else ""
        further = [(name, name.replace("_", " ").capitalize()) for name in items.fields]
        return Fields(
            shown=(*self.named(creator, year), *further),
            creator=creator,
            year=year,
            groups=((creator,) if creator else ()) + tuple(items.groups),
            lists=tuple(items.lists),
        )

    def cleaning(self) -> CleanConfig:
        """Returns what counts as liking."""
        # Where no column holds titles, none can be missing.
        untitled = self.items is not None and not self.items.title
        return replace(self.clean, max_untitled=1.0) if untitled else self.clean

    def reader(self, name: str, path: Path) -> Reader:
        """Returns how the rows are read; arguments as in `Described.reader`."""
        sources = self._sources(name)
        return Reader(
            code="training.domains.described_data",
            read_interactions=partial(read_interactions, source=sources[0]),
            read_items=partial(read_items, source=sources[1]),
            folder=path.parent,
            tables=tuple(source.table for source in sources if source and source.table),
            read_tables=partial(read_tables, path=path.absolute(), sources=sources),
        )

    def files(self, name: str, path: Path, folder: Path) -> dict[str, Path]:
        """Returns the files that are read; as in `Described.files`."""
        return files_of(path, self._sources(name), folder)

    def _sources(self, name: str) -> tuple[TableSource, TableSource | None]:
        rows, items = self.interactions, self.items
        named = {USER_ID: rows.user, ITEM_ID: rows.item, STRENGTH: rows.strength, TIME: rows.time}
        columns = {key: column for key, column in named.items() if column}
        interactions = source_of(name, "interactions", rows.files, rows.layout, columns)
        if items is None:
            return interactions, None
        named = {ITEM_ID: items.id, TITLE: items.title, CREATOR: items.creator, YEAR: items.year}
        columns = {key: column for key, column in (named | items.fields).items() if column}
        catalogue = source_of(name, "items", items.files, items.layout, columns, items.lists)
        return interactions, catalogue


def is_field(name: str) -> bool:
    """Whether a further field of the items may have this name."""
    return bool(re.match(_FIELD, name)) and name not in _RESERVED
