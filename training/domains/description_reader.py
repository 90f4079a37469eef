"""A ``domain.toml`` whose files are odd: code reads them, and the rest is described."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from training.domains.description_sections import Described, Fields, Section
from training.domains.domain import TITLE
from training.domains.reader import Reader, reader_of
from training.domains.reading import find_all


def _check_reader(name: str) -> str:
    reader_of(name)
    return name


class _Source(Section):
    reader: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$"), AfterValidator(_check_reader)]
    """Name of the module that reads the files."""


class _Items(Section):
    creator: str = ""
    year: str = ""
    groups: list[str] = Field(default_factory=list)
    """Fields besides the creator whose values make items similar."""
    same_work: list[str] = Field(default_factory=list)
    """Fields in which editions of one work are alike."""

    def names(self) -> dict[str, tuple[str, ...]]:
        """Returns the fields by key."""
        one = {key: (name,) for key in ("creator", "year") if (name := getattr(self, key))}
        return {**one, "groups": tuple(self.groups), "same_work": tuple(self.same_work)}


class ReaderDescription(Described):
    """What such a ``domain.toml`` holds."""

    source: _Source
    items: _Items = _Items()

    @model_validator(mode="after")
    def _check_fields(self) -> ReaderDescription:
        known = (TITLE, *reader_of(self.source.reader).fields)
        for key, names in self.items.names().items():
            for name in names:
                if name not in known:
                    raise ValueError(
                        f"items.{key}: the reader {self.source.reader} has no field {name!r}; "
                        f"there are {', '.join(known)}"
                    )
        return self

    def fields(self) -> Fields:
        """Returns what the fields mean."""
        items = self.items
        return Fields(
            shown=tuple(self.named(items.creator, items.year)),
            creator=items.creator,
            year=items.year,
            groups=((items.creator,) if items.creator else ()) + tuple(items.groups),
            same_work=tuple(items.same_work),
        )

    def reader(self, name: str, path: Path) -> Reader:
        """Returns how the rows are read."""
        return reader_of(self.source.reader)

    def files(self, name: str, path: Path, folder: Path) -> dict[str, Path]:
        """Returns the files that are read; as in `Described.files`."""
        found = find_all(folder, reader_of(self.source.reader).sources)
        return {path.name: path} | {part.name: part for part in found.values()}
