"""The roles that the project needs, with least privilege.

``recommender_pusher`` writes models, items and pointers: everything that a deploy does except
deploying code, which HarperDB allows only super users. ``recommender_reader`` reads them, enough
for ``status`` and ``versions``. ``recommender_collector`` reads visitors' events and nothing else,
``recommender_source`` the HarperDB tables that domains learn from and nothing else. The public
routes need no user at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from training.deploy.catalogue import DIGESTS, ITEMS
from training.deploy.event_keys import TABLE as EVENT_KEYS
from training.deploy.lease import TABLE as LOCKS
from training.deploy.versions import MODELS, POINTERS
from training.errors import HarperRefused
from training.harper.client import HarperClient

PUSHER, READER, COLLECTOR = "recommender_pusher", "recommender_reader", "recommender_collector"
SOURCE = "recommender_source"
TABLES = (ITEMS, MODELS, POINTERS, DIGESTS, LOCKS)
EVENTS = "events"


@dataclass(frozen=True)
class Made:
    """A user that was created or renewed.

    Attributes:
        username: Also the name of the role.
        databases: What the user may reach: databases, or tables of them.
        is_new: Whether the user was created now; otherwise role and password were renewed.
    """

    username: str
    databases: list[str]
    is_new: bool


def make_users(
    client: HarperClient,
    databases: list[str],
    passwords: dict[str, str],
    *,
    sources: Sequence[tuple[str, str]] = (),
) -> list[Made]:
    """Creates or updates the roles and a user for each.

    Args:
        client: With a super user's credentials.
        databases: The domains' databases; those that do not exist yet are left out.
        passwords: By user name.
        sources: Database and name of the tables that domains learn from; those that do not exist
            are left out. Without any, there is no user for them.

    Raises:
        HarperRefused: the user is not a super user, or nothing that users could reach exists yet.
    """
    there = client.operation("describe_all")
    found = [name for name in databases if name in there]
    tables = sorted({one for one in sources if one[1] in there.get(one[0], {})})
    if not found and not tables:
        raise HarperRefused(
            "users", f"none of {', '.join(databases)} is there yet: deploy once as a super user"
        )
    made = []
    for username, rights in _rights(found, tables).items():
        _make_role(client, username, rights)
        is_new = _make_user(client, username, passwords[username])
        reached = found if username != SOURCE else [".".join(one) for one in tables]
        made.append(Made(username, reached, is_new))
    return made


def _rights(databases: list[str], sources: list[tuple[str, str]]) -> dict[str, dict[str, Any]]:
    """Returns the permissions of each role that there is something to do for."""
    rights = {}
    if databases:
        rights[PUSHER] = permission(databases, (*TABLES, EVENT_KEYS), writes=True)
        rights[READER] = permission(databases, TABLES, writes=False)
        rights[COLLECTOR] = permission(databases, (EVENTS,), writes=False)
    if sources:
        rights[SOURCE] = permission([], (), writes=False)
        for database, table in sources:
            one = permission([database], (table,), writes=False)[database]
            rights[SOURCE].setdefault(database, {"tables": {}})["tables"] |= one["tables"]
    return rights


def permission(databases: list[str], tables: tuple[str, ...], *, writes: bool) -> dict[str, Any]:
    """Returns a role's permissions: these tables, nothing else, no structure, no super user."""
    right = {
        "read": True,
        "insert": writes,
        "update": writes,
        "delete": writes,
        "attribute_permissions": [],
    }
    rights: dict[str, Any] = {"super_user": False}
    return rights | {
        name: {"tables": {table: dict(right) for table in tables}} for name in databases
    }


def _make_role(client: HarperClient, name: str, rights: dict[str, Any]) -> None:
    known = {role["role"]: role["id"] for role in client.operation("list_roles")}
    if name in known:
        client.operation("alter_role", id=known[name], role=name, permission=rights)
    else:
        client.operation("add_role", role=name, permission=rights)


def _make_user(client: HarperClient, username: str, password: str) -> bool:
    known = {user["username"] for user in client.operation("list_users")}
    is_new = username not in known
    client.operation(
        "add_user" if is_new else "alter_user",
        username=username,
        password=password,
        role=username,
        active=True,
    )
    return is_new
