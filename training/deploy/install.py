"""Deploys the component's code to the nodes that have other code, and restarts the workers that
do not run it.

HarperDB replaces a component by removing its folder and unpacking into it, and a worker that starts
meanwhile lacks its routes. So only one deploy at a time, of any recommender, replaces code and
restarts workers, and it waits for each restart. Afterwards every worker is queried for every
recommender of the node, to detect workers that lack routes.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable
from typing import Any

from training.deploy import lease
from training.deploy.component import Component
from training.deploy.migration import ensure_lock_table
from training.deploy.projects import deployed_projects
from training.deploy.restart import RESTART_SECONDS, restart_until_complete
from training.errors import HarperError, HarperRefused, HarperUnavailable
from training.harper.cluster import Target, client_of
from training.harper.node import Node, health
from training.harper.workers import Workers, ask_workers

log = logging.getLogger(__name__)

CODE_DATABASE = "recommender_code"
"""Holds the lock for replacing code and restarting workers; one for all domains."""


def install(
    target: Target,
    component: Component,
    keep_alive: Callable[[], None],
    *,
    by: str = "somebody",
    settle_seconds: float = 0.1,
) -> bool:
    """Deploys the component to the nodes that do not have it, and makes every worker run it.

    A node that is down is skipped; `status` shows its old code when it is back.

    Args:
        target: The nodes.
        component: The code.
        keep_alive: Called repeatedly meanwhile.
        by: Who deploys, for people.
        settle_seconds: See `training.deploy.lease.acquire`.

    Returns:
        Whether the code was sent.

    Raises:
        HarperRefused: the user may not deploy code, or HarperDB refused it.
        HarperUnavailable: a worker does not answer for a recommender after its node was restarted;
            the message says which.
    """
    first = health(target.node, component.project)
    if not first.reachable:
        raise HarperUnavailable("deploy", first.reason or "the target's routes do not answer")
    if not _needs_work(target, component):
        return False
    client = target.client
    _require_super_user(target, component)
    ensure_lock_table(client, CODE_DATABASE)
    with lease.acquire(
        client,
        CODE_DATABASE,
        by,
        settle_seconds=settle_seconds,
        wait_seconds=3 * RESTART_SECONDS,
        keep_alive=keep_alive,
    ) as code_lock:

        def still_here() -> None:
            if client.is_healthy():  # the node that restarts may be the one that holds the locks
                keep_alive()
                code_lock.renew()

        return _bring(target, component, still_here)


def _needs_work(target: Target, component: Component) -> bool:
    for node in target.nodes:
        found = ask_workers(node, _projects(target, node, component))
        if _is_reachable(found) and not is_installed(found, component):
            return True
    return False


def _projects(target: Target, node: Node, component: Component) -> list[str]:
    """Returns the node's recommenders, including ours."""
    try:
        known = deployed_projects(client_of(node, target.client.config))
    except HarperError:
        known = []  # it may be down, and then it cannot be queried either
    return sorted({component.project, *known})


def is_installed(found: Workers, component: Component) -> bool:
    """Returns whether each worker runs the code, and lacks no other recommender's routes."""
    return (
        found.is_complete
        and not found.missing()
        and all(w.answers[component.project].component == component.code for w in found.answered)
    )


def _is_reachable(found: Workers) -> bool:
    return any(worker.is_reachable for worker in found.answered)


def _bring(target: Target, component: Component, keep_alive: Callable[[], None]) -> bool:
    nodes = [n for n in target.nodes if health(n, component.project).reachable]
    sent = any(_code_on_disk(target, n, component.project) != component.code for n in nodes)
    if sent:
        _send(target, component)
    # One node at a time, and only after the previous one answers: the others serve meanwhile.
    # HarperDB's own rolling restart ends early where a node restarts the very worker that holds the
    # connection.
    for node in nodes:
        projects = _projects(target, node, component)
        # Routes are registered when a worker starts: new code always needs a restart.
        if sent or not is_installed(ask_workers(node, projects), component):
            client = client_of(node, target.client.config)
            restart_until_complete(client, node, component, projects, keep_alive)
    return sent


def _send(target: Target, component: Component) -> None:
    answer = target.client.operation(
        "deploy_component",
        project=component.project,
        payload=base64.b64encode(component.payload()).decode("ascii"),
        replicated=target.is_cluster,
    )
    for failure in _failures(answer):
        log.warning("deploy_component: %s", failure)


def _code_on_disk(target: Target, node: Node, project: str) -> str | None:
    """Returns the code that is stored on a node, whatever its workers run; None: none."""
    try:
        answer = client_of(node, target.client.config).operation(
            "get_component_file", project=project, file="settings.json"
        )
        return str(json.loads(answer["message"])["code"])
    except (HarperRefused, KeyError, TypeError, ValueError):
        return None


def _require_super_user(target: Target, component: Component) -> None:
    client = target.client
    role: dict[str, Any] = client.operation("user_info").get("role") or {}
    if (role.get("permission") or {}).get("super_user"):
        return
    found = ask_workers(target.node, _projects(target, target.node, component))
    if any(w.answers[component.project].component == component.code for w in found.answered):
        why = "; ".join(found.missing()) or "not every worker runs the code"
        raise HarperRefused(
            "deploy",
            f"{why}. That needs a restart, and only a super user may restart workers: deploy once "
            "as one, or restart HarperDB",
        )
    raise HarperRefused(
        "deploy_component",
        f"{component.project} has new code, and only a super user may deploy code: "
        f"{client.config.username!r} is none. Deploy once as one; models need none afterwards",
    )


def _failures(answer: Any) -> list[str]:
    # A replicated deploy with a dead node answers 200; the body contains the failure.
    answers = answer.get("replicated", []) if isinstance(answer, dict) else []
    return [f"{a.get('node')}: {a.get('reason')}" for a in answers if a.get("status") == "failed"]
