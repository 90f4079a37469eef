"""What a HarperDB table is like: its primary key, its columns, its first rows."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from training.domains.harper_table import PREFIX
from training.domains.tabular import missing_column
from training.errors import ConfigError, HarperError, HarperRefused
from training.harper.client import HarperClient, Row

_NO_RIGHT = (401, 403)
_UNKNOWN = "unknown attribute '"
"""How HarperDB says that a table has no such column."""
Result = TypeVar("Result")


@dataclass(frozen=True)
class Table:
    """A table, as its node describes it to our user.

    Attributes:
        client: Who asks.
        database: Its database.
        name: Its name there.
        key: Its primary key.
        attributes: Its columns as far as they are known: a table without a schema has more.
    """

    client: HarperClient
    database: str
    name: str
    key: str
    attributes: tuple[str, ...]

    def __str__(self) -> str:
        """Returns the name as descriptions write it."""
        return f"{PREFIX}{self.database}.{self.name}"

    def first(self, limit: int, attributes: list[str] | None = None) -> list[Row]:
        """Returns the first rows by primary key.

        Raises:
            HarperError: the node does not answer, or the user may not read the table.
        """
        return self.ask(
            "search_by_value",
            attribute=self.key,
            value="*",
            limit=limit,
            get_attributes=attributes or ["*"],
        )

    def from_key(
        self, key: Any, limit: int, attributes: list[str], conditions: list[Row]
    ) -> list[Row]:
        """Returns rows in the order of their primary keys, from a key on.

        Args:
            key: The first key, or one before it.
            limit: Most rows.
            attributes: The columns.
            conditions: Further conditions, as HarperDB writes them.

        Raises:
            HarperError: the node does not answer, or the user may not read the table.
            DataError: there is no such column.
        """
        start = {"attribute": self.key, "comparator": "greater_than_equal", "value": key}
        return self.ask(
            "search_by_conditions",
            conditions=[start, *conditions],
            sort={"attribute": self.key},
            limit=limit,
            get_attributes=attributes,
        )

    def ask(self, operation: str, **fields: Any) -> list[Row]:
        """Executes an operation on the table; errors are explained."""

        def asked() -> list[Row]:
            found: list[Row] = self.client.operation(
                operation, database=self.database, table=self.name, **fields
            )
            return found

        try:
            return explained(self.client, self.database, self.name, asked)
        except HarperRefused as error:
            if _UNKNOWN not in error.message:
                raise
            column = error.message.partition(_UNKNOWN)[2].rstrip("'")
            known = self.attributes or tuple(self.first(1)[0])
            raise missing_column(str(self), column, known) from error


def table_of(client: HarperClient, database: str, name: str) -> Table:
    """Looks at a table.

    Raises:
        ConfigError: there is no such table.
        HarperError: the node does not answer, or the user may not read the table.
    """
    described: dict[str, Any] = explained(
        client,
        database,
        name,
        lambda: client.operation("describe_table", database=database, table=name),
    )
    attributes = tuple(str(one["attribute"]) for one in described.get("attributes", ()))
    return Table(client, database, name, str(described["hash_attribute"]), attributes)


def explained(client: HarperClient, database: str, name: str, ask: Callable[[], Result]) -> Result:
    """Returns what a call returns; says in its errors which table was asked for and what to do."""
    table = f"{PREFIX}{database}.{name}"
    try:
        return ask()
    except HarperRefused as error:
        if error.status == 404:
            there = _there(client, f"{database}.{name}")
            raise ConfigError(f"{table}: {error.message}. {there}") from error
        if error.status in _NO_RIGHT:
            raise HarperRefused(
                error.operation,
                f"{table}: {client.config.username!r} may not read it, or there is no such table: "
                f"{error.message}. {_there(client, f'{database}.{name}')} "
                "`harperdb-recommender users` makes recommender_source, which may read the tables "
                "that are described: see HARPER_SOURCE_USERNAME",
                status=error.status,
            ) from error
        raise


def _there(client: HarperClient, wanted: str) -> str:
    """Returns a sentence with the tables that the user sees."""
    try:
        databases: dict[str, Any] = client.operation("describe_all")
    except HarperError:
        return ""
    names = sorted(
        f"{database}.{table}"
        for database, tables in databases.items()
        if isinstance(tables, dict)
        for table in tables
    )
    near = difflib.get_close_matches(wanted, names, 1, 0.8)
    if near:
        return f"Did you mean {PREFIX}{near[0]}?"
    return f"This user sees {', '.join(names)[:300]}." if names else "This user sees no table."
