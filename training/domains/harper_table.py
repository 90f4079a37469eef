"""Tables in HarperDB as sources: their names in descriptions, and the files of pulled rows.

`training.sources` writes the files: ``artifacts/<domain>/tables/<section>/`` holds Parquet files,
all columns text, and `PULLED`, which lists those that count and names the primary key.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from training.errors import DataError

PREFIX = "harperdb:"
PULLED = "pulled.json"
KEY = "__primary_key__"
"""Column with the row's primary key as JSON, in a list: 1 and "1" are two keys."""
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
        if tables is None or not (self.folder(tables) / PULLED).is_file():
            raise DataError(str(self), expected="pulled rows", found="none", remedy=remedy)
        pulled = self._pulled(tables)
        if pulled["source"] != self.described():
            found = f"those of {pulled['source']['table']} as domain.toml said before"
            raise DataError(str(self), expected="pulled rows", found=found, remedy=remedy)
        return [self.folder(tables) / name for name in pulled["files"]]

    def row_name(self, tables: Path, file: Path, line: int) -> str:
        """Returns what names a pulled row for people, such as ``harperdb:shop.orders, id 123``.

        Args:
            tables: ``artifacts/<domain>/tables``.
            file: The file that holds the row.
            line: 1-based place in it.
        """
        attribute = self._pulled(tables).get("key") or "primary key"
        [key] = json.loads(pq.read_table(file, columns=[KEY])[KEY][line - 1].as_py())
        return f"{self}, {attribute} {repr(key)[:80]}"

    def _pulled(self, tables: Path) -> dict[str, Any]:
        return dict(json.loads((self.folder(tables) / PULLED).read_text(encoding="utf-8")))
