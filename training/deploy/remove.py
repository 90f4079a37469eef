"""Takes a recommender off the nodes: its component, its database, and the users' rights to it.

Each step looks at what is there, so an interrupted removal is continued by repeating it. The
component goes first, because its workers would create the database's tables again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from training.deploy import lease
from training.deploy.event_keys import TABLE as EVENT_KEYS
from training.deploy.install import CODE_DATABASE
from training.deploy.migration import OLD_DIGESTS, OLD_LOCKS, ensure_lock_table
from training.deploy.projects import deployed_projects
from training.deploy.restart import RESTART_SECONDS, restart_until_gone
from training.deploy.roles import EVENTS, TABLES
from training.errors import HarperRefused, HarperUnavailable
from training.harper.client import HarperClient
from training.harper.cluster import Target, client_of
from training.harper.node import Node, health, until

OURS = frozenset((*TABLES, EVENTS, EVENT_KEYS, OLD_LOCKS, OLD_DIGESTS))
"""Tables that deploys of this and earlier releases create."""
_GONE_SECONDS = 30.0


@dataclass(frozen=True)
class Deployed:
    """What there is of a recommender.

    Attributes:
        components: Nodes that hold its code.
        routes: Nodes that answer for it.
        databases: Nodes with its database.
        roles: Roles with rights to its database.
    """

    components: tuple[Node, ...]
    routes: tuple[Node, ...]
    databases: tuple[Node, ...]
    roles: tuple[str, ...]

    def __bool__(self) -> bool:
        """Returns whether there is anything."""
        return bool(self.components or self.routes or self.databases or self.roles)


def find(target: Target, project: str, database: str) -> Deployed:
    """Looks for a recommender on every node.

    Raises:
        HarperUnavailable: a node does not answer. A removal without it would come to nothing: its
            rows would be replicated back.
        HarperRefused: the user is not a super user.
    """
    components, routes, databases = [], [], []
    for node in target.nodes:
        client = _client(target, node)
        if project in _components(client):
            components.append(node)
        if health(node, project).component is not None:
            routes.append(node)
        if database in client.operation("describe_all"):
            databases.append(node)
    roles = [str(role["role"]) for role in _roles(target.client, database)]
    return Deployed(tuple(components), tuple(routes), tuple(databases), tuple(roles))


def remove(
    target: Target,
    project: str,
    database: str,
    *,
    by: str,
    step: Callable[[str], None] = lambda name: None,
) -> Deployed:
    """Removes a recommender from every node.

    Args:
        target: The nodes; all must answer.
        project: The component's name.
        database: Its database. Tables in it that no deploy created stay, and so does the database
            then.
        by: Who does it, for people.
        step: Called with the name of each step.

    Returns:
        What there was.

    Raises:
        HarperUnavailable: a node does not answer.
        HarperRefused: the user is not a super user, or a deploy is running.
    """
    found = find(target, project, database)
    with _locks(target, database, found, by):
        if found.components or found.routes:
            step("component")
            _remove_component(target, project)
        if found.roles:
            step("rights")
            _remove_rights(target.client, database)
        if found.databases:
            step("database")
            _remove_database(target, database)
    return found


@contextlib.contextmanager
def _locks(target: Target, database: str, found: Deployed, by: str) -> Iterator[None]:
    """Holds the locks of a deploy of the recommender, and of changing code on the nodes."""
    client, settle = target.client, target.settle_seconds
    with contextlib.ExitStack() as stack:
        if found.databases:
            ensure_lock_table(client, database)
            stack.enter_context(lease.acquire(client, database, by, settle_seconds=settle))
        ensure_lock_table(client, CODE_DATABASE)
        wait = 3 * RESTART_SECONDS
        stack.enter_context(
            lease.acquire(client, CODE_DATABASE, by, settle_seconds=settle, wait_seconds=wait)
        )
        yield


def _client(target: Target, node: Node) -> HarperClient:
    return client_of(node, target.client.config, patience=target.client.patience)


def _components(client: HarperClient) -> list[str]:
    entries: list[dict[str, Any]] = client.operation("get_components").get("entries") or []
    return [str(entry["name"]) for entry in entries]


def _remove_component(target: Target, project: str) -> None:
    for node in target.nodes:
        client = _client(target, node)
        if project in _components(client):
            client.operation("drop_component", project=project, replicated=False)
    # Routes stay until their workers end. One node at a time: the others serve meanwhile.
    for node in target.nodes:
        others = [one for one in deployed_projects(_client(target, node)) if one != project]
        restart_until_gone(_client(target, node), node, project, others)


def _roles(client: HarperClient, database: str) -> list[dict[str, Any]]:
    roles: list[dict[str, Any]] = client.operation("list_roles")
    return [role for role in roles if database in (role.get("permission") or {})]


def _remove_rights(client: HarperClient, database: str) -> None:
    there = client.operation("describe_all")
    for role in _roles(client, database):
        # A role that names a database that is gone cannot be written.
        rights = {
            name: right
            for name, right in role["permission"].items()
            if name != database and (name in there or not isinstance(right, dict))
        }
        client.operation("alter_role", id=role["id"], role=role["role"], permission=rights)


def _remove_database(target: Target, database: str) -> None:
    def is_gone() -> bool:
        dropped = [_drop(_client(target, node), database) for node in target.nodes]
        return not any(dropped)

    # Again where a node has it again: rows that were on their way to it.
    if not until(is_gone, _GONE_SECONDS, pause_seconds=0.5):
        raise HarperUnavailable(
            "remove", f"the database {database} is still there: run the same command again"
        )


def _drop(client: HarperClient, database: str) -> bool:
    """Drops our tables, and the database if there are no others; returns whether any was there."""
    there = client.operation("describe_all")
    if database not in there:
        return False
    tables = set(there[database])
    ours = sorted(tables & OURS)
    try:
        if tables - OURS:
            for table in ours:
                client.operation("drop_table", database=database, table=table, replicated=False)
        else:
            client.operation("drop_database", database=database, replicated=False)
    except HarperRefused as error:
        if error.status != 404:
            raise
    return bool(ours) or not tables
