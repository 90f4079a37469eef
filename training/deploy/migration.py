"""Creates the tables that a deploy needs before the component is installed, and renames those of
earlier releases.

Until November 2026 `locks` was called ``deploys`` and `catalogue_digests` was called ``catalogue``.
"""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any

from training.deploy import catalogue, lease
from training.errors import HarperRefused
from training.harper.client import HarperClient, Row
from training.harper.local.processes import started_at

OLD_LOCKS, OLD_DIGESTS = "deploys", "catalogue"
_OLD_EXPIRES_SECONDS = 60.0
_MISSING = (400, 404, 500)


def ensure_lock_table(client: HarperClient, database: str) -> None:
    """Creates the table that `training.deploy.lease` needs where the component has not done so.

    Raises:
        HarperRefused: it is missing and the user may not create it.
    """
    try:
        client.operation("describe_table", database=database, table=lease.TABLE)
    except HarperRefused as error:
        if error.status == 403:
            raise HarperRefused(
                "deploy",
                f"{client.config.username!r} sees no table {database}.{lease.TABLE}: deploy once "
                "as a super user, then run `make harper-users`",
                status=403,
            ) from error
        if error.status not in _MISSING:
            raise
        _create(client, "create_database", database=database)
        columns = [{"name": name, "type": kind} for name, kind in lease.COLUMNS.items()]
        _create(
            client,
            "create_table",
            database=database,
            table=lease.TABLE,
            primary_key="id",
            attributes=columns,
        )


def _create(client: HarperClient, operation: str, **fields: Any) -> None:
    try:
        client.operation(operation, **fields)
    except HarperRefused as error:
        # Two first deploys at once: either may create it.
        if "already exists" not in error.message:
            raise


def refuse_old_deploy(client: HarperClient, database: str) -> None:
    """Checks that no deploy of an earlier release is running.

    Raises:
        HarperRefused: one is.
    """
    rows = [row for row in _rows(client, database, OLD_LOCKS) if _is_held(row)]
    if rows:
        raise HarperRefused(
            "deploy",
            f"another deploy is running: {rows[-1].get('by')} on {rows[-1].get('host')} since "
            f"{rows[-1].get('since')}, with an earlier release",
        )


def _is_held(row: Row) -> bool:
    # An earlier release compared clocks; none of its locks ends later than this.
    if not 0 < float(row.get("until") or 0) - time.time() <= 2 * _OLD_EXPIRES_SECONDS:
        return False
    return row.get("host") != socket.gethostname() or started_at(int(row["pid"])) is not None


def move_old_tables(client: HarperClient, database: str, *, replicated: bool) -> None:
    """Moves the rows of the old tables and drops them; does nothing if there are none.

    If the user may not change tables, the old ones remain, unused.

    Args:
        client: The node to write to.
        database: The domain's database.
        replicated: Drop them on the other nodes too.
    """
    old = {OLD_DIGESTS, OLD_LOCKS} & _tables(client, database)
    if OLD_DIGESTS in old:
        known = {row["id"] for row in client.every_row(database, catalogue.DIGESTS, "id", ["id"])}
        for row in client.every_row(database, OLD_DIGESTS, "id", ["*"]):
            if row["id"] not in known:
                client.upsert(database, catalogue.DIGESTS, [row])
    for table in sorted(old):
        with contextlib.suppress(HarperRefused):  # the user may not drop it
            client.operation("drop_table", database=database, table=table, replicated=replicated)


def _rows(client: HarperClient, database: str, table: str) -> list[Row]:
    if table not in _tables(client, database):
        return []
    return client.every_row(database, table, "id", ["*"])


def _tables(client: HarperClient, database: str) -> set[str]:
    """Returns the tables that the user may see; requests for missing ones log errors."""
    try:
        return set(client.operation("describe_database", database=database))
    except HarperRefused:
        return set()  # there is no such database
