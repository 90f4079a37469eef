"""Brings the component's code to the nodes, only where they run other code than ours."""

from __future__ import annotations

import base64
import contextlib
import logging
from collections.abc import Callable
from typing import Any

from training.deploy.component import Component
from training.deploy.lease import COLUMNS, TABLE
from training.deploy.standing import RESTART_SECONDS, hear_workers
from training.errors import HarperRefused, HarperUnavailable
from training.harper.client import HarperClient
from training.harper.cluster import Target, client_of
from training.harper.node import Node, health, until

log = logging.getLogger(__name__)


def install(target: Target, component: Component, keep_alive: Callable[[], None]) -> bool:
    """Deploys the component if a reachable node does not run it, and waits until each of them does.

    A node that is down is left alone; `status` shows it with its old code when it is back.

    Args:
        target: The nodes.
        component: The code.
        keep_alive: Called again and again meanwhile.

    Returns:
        Whether it travelled.

    Raises:
        HarperRefused: we may not deploy code, or HarperDB did not take it.
        HarperUnavailable: a node does not answer with the new code after its restart; the message
            says which.
    """
    asked = [health(node, component.project) for node in target.nodes]
    if not asked[0].reachable:
        raise HarperUnavailable("deploy", asked[0].reason or "the target's routes do not answer")
    old = [h for h in asked if h.reachable and h.component != component.code]
    if not old:
        return False
    _require_super_user(target.client, component)
    told = target.client.operation(
        "deploy_component",
        project=component.project,
        payload=base64.b64encode(component.payload()).decode("ascii"),
        replicated=target.is_cluster,
    )
    for failure in _failures(told):
        log.warning("deploy_component: %s", failure)
    # Node after node, and each seen to answer before the next: the others serve meanwhile.
    # HarperDB's own rolling restart ends early where a node restarts the very worker that holds the
    # connection.
    for asked_node in asked:
        if asked_node.reachable:
            client = client_of(asked_node.node, target.client.config)
            client.operation("restart_service", service="http_workers")
            _wait_for_code(asked_node.node, component, keep_alive)
    return True


def _require_super_user(client: HarperClient, component: Component) -> None:
    role: dict[str, Any] = client.operation("user_info").get("role") or {}
    if not (role.get("permission") or {}).get("super_user"):
        raise HarperRefused(
            "deploy_component",
            f"{component.project} has new code, and only a super user may deploy code: "
            f"{client.config.username!r} is none. Deploy once as one; models need none afterwards",
        )


def _failures(told: Any) -> list[str]:
    # A replicated deploy with a dead node answers 200; what went wrong stands inside.
    answers = told.get("replicated", []) if isinstance(told, dict) else []
    return [f"{a.get('node')}: {a.get('reason')}" for a in answers if a.get("status") == "failed"]


def _wait_for_code(node: Node, component: Component, keep_alive: Callable[[], None]) -> None:
    def is_there() -> bool:
        with contextlib.suppress(HarperUnavailable):  # the node that restarts may be the one asked
            keep_alive()
        # Workers are replaced one after the other: a single good answer may come from the first.
        told = hear_workers(node, component.project, lambda h: h.component == component.code)
        return told.component == component.code

    if not until(is_there, RESTART_SECONDS):
        raise HarperUnavailable(
            "deploy",
            f"{node.name or node.routes_url}: {component.project} does not answer with code "
            f"{component.code} after its restart; see the node's log",
        )


def ensure_turns(client: HarperClient, database: str) -> None:
    """Makes the table that `training.deploy.lease` needs, where the component has not made it yet.

    Raises:
        HarperRefused: it is missing and we may not make it.
    """
    try:
        client.operation("describe_table", database=database, table=TABLE)
    except HarperRefused as error:
        if error.status == 403:
            raise HarperRefused(
                "deploy",
                f"{client.config.username!r} sees no database {database}: deploy once as a super "
                "user, then run `make harper-users`",
                status=403,
            ) from error
        if error.status not in (400, 404, 500):
            raise
        _create(client, "create_database", database=database)
        columns = [{"name": name, "type": kind} for name, kind in COLUMNS.items()]
        _create(
            client,
            "create_table",
            database=database,
            table=TABLE,
            primary_key="id",
            attributes=columns,
        )


def _create(client: HarperClient, operation: str, **fields: Any) -> None:
    try:
        client.operation(operation, **fields)
    except HarperRefused as error:
        if "already exists" not in error.message:  # two first deploys at once: either may be it
            raise
