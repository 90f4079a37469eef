"""Tables in HarperDB as sources: their names in descriptions, and the files of pulled rows.

`training.sources` writes the files: ``artifacts/<domain>/tables/<section>/`` holds Parquet files,
all columns text, and `PULLED`, which lists those that count.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.errors import DataError

PREFIX = "harperdb:"
PULLED = "pulled.json"
_NAME = re.compile(r"harperdb:([^./\s]{1,250})\.([^./\s]{1,250})")


def is_table(files: str) -> bool:
    """Whether a description's ``files`` names a table."""
    return files.startswith(PREFIX)


def parsed(files: str) -> tuple[str, str]:
    """Returns database and table of a name such as ``harperdb:shop.orders``.

    Raises:
        ValueError: it is no such name.
    """
    found = _NAME.fullmatch(files)
    if found is None:
        raise ValueError(f"expected {PREFIX}DATABASE.TABLE, such as {PREFIX}shop.orders")
    return found[1], found[2]


@dataclass(frozen=True)
class HarperTable:
    """A table that a domain reads.

    Attributes:
        domain: The domain's name.
        section: The section of the description, ``interactions`` or ``items``.
        database: Its database.
        table: Its name there.
        columns: The columns that are read; ``customer.id`` is a key of an object.
        time: The column that grows with new rows; "": none.
    """

    domain: str
    section: str
    database: str
    table: str
    columns: tuple[str, ...]
    time: str = ""

    def __str__(self) -> str:
        """Returns the name as descriptions write it."""
        return f"{PREFIX}{self.database}.{self.table}"

    def described(self) -> dict[str, Any]:
        """Returns what pulled rows depend on, as JSON can express it."""
        return {"table": str(self), "columns": sorted(self.columns), "time": self.time}

    def folder(self, tables: Path) -> Path:
        """Returns the folder of its pulled rows.

        Args:
            tables: ``artifacts/<domain>/tables``.
        """
        return tables / self.section

    def files(self, tables: Path | None) -> list[Path]:
        """Returns the files of its pulled rows.

        Raises:
            DataError: it was not pulled, or with other columns.
        """
        remedy = f"Run `harperdb-recommender pull {self.domain}` first."
        if tables is None or not (note := self.folder(tables) / PULLED).is_file():
            raise DataError(str(self), expected="pulled rows", found="none", remedy=remedy)
        pulled = json.loads(note.read_text(encoding="utf-8"))
        if pulled["source"] != self.described():
            found = f"those of {pulled['source']['table']} as domain.toml said before"
            raise DataError(str(self), expected="pulled rows", found=found, remedy=remedy)
        return [self.folder(tables) / name for name in pulled["files"]]
