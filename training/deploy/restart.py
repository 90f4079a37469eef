"""Restarts a node's workers until each of them answers for every recommender on the node."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence

from training.deploy.component import Component
from training.errors import HarperError, HarperUnavailable
from training.harper.client import HarperClient
from training.harper.node import Node, until
from training.harper.workers import Workers, ask_workers

log = logging.getLogger(__name__)

RESTARTS = 3
"""Most restarts: one that leaves a worker without routes can be chance, a third cannot."""
RESTART_SECONDS = 60.0
"""How long a restart may take."""
_ENDED = ("COMPLETE", "ERROR")


def restart_until_complete(
    client: HarperClient,
    node: Node,
    component: Component,
    projects: Sequence[str],
    keep_alive: Callable[[], None],
) -> None:
    """Restarts the workers, and repeats that if one lacks a recommender's routes.

    Args:
        client: The node's operations API.
        node: The node.
        component: The code that they should run.
        projects: Every recommender on the node.
        keep_alive: Called repeatedly meanwhile.

    Raises:
        HarperUnavailable: a worker still lacks routes, or runs other code; the message names it.
    """
    wrong = ""
    for attempt in range(1, RESTARTS + 1):
        _restart(client, keep_alive)
        wrong = _wait(node, component, projects, keep_alive)
        if not wrong:
            return
        log.warning("after restart %d of %d: %s", attempt, RESTARTS, wrong)
    raise HarperUnavailable("deploy", f"{wrong}, after {RESTARTS} restarts; see the node's log")


def restart_until_gone(
    client: HarperClient, node: Node, project: str, others: Sequence[str]
) -> None:
    """Restarts the workers until none has a project's routes, and each has those of the others.

    Args:
        client: The node's operations API.
        node: The node.
        project: The recommender whose code was removed.
        others: Every other recommender on the node.

    Raises:
        HarperUnavailable: a worker still answers for it, or lacks routes of another one.
    """
    wrong = ""
    for attempt in range(1, RESTARTS + 1):
        _restart(client, lambda: None)
        until(lambda: not _remaining(node, project, others), RESTART_SECONDS)
        wrong = _remaining(node, project, others)
        if not wrong:
            return
        log.warning("after restart %d of %d: %s", attempt, RESTARTS, wrong)
    raise HarperUnavailable("remove", f"{wrong}, after {RESTARTS} restarts; see the node's log")


def _remaining(node: Node, project: str, others: Sequence[str]) -> str:
    name = node.name or node.routes_url
    found = ask_workers(node, others or [project])
    if not any(worker.is_reachable for worker in found.answered):
        return f"{name} does not answer"
    if others and found.missing():
        return "; ".join(found.missing())
    if others and not found.is_complete:
        return f"{name}: {len(found.answered)} of {found.expected or '?'} workers answer"
    asked = ask_workers(node, [project]) if others else found
    if any(worker.answers[project].component is not None for worker in asked.answered):
        return f"{name}: a worker still answers for {project}"
    return ""


def _restart(client: HarperClient, keep_alive: Callable[[], None]) -> None:
    """Restarts all workers and waits until HarperDB reports that it is done.

    Otherwise a worker from before the restart could be mistaken for a new one.
    """
    job = request_restart(client, keep_alive)

    def is_done() -> bool:
        with contextlib.suppress(HarperUnavailable):  # it may be ending
            keep_alive()
        try:
            found = client.operation("get_job", id=job)
        except HarperError:
            return False  # the worker that took the request may be the one that ends
        return bool(found) and found[0].get("status") in _ENDED

    if job is not None and not until(is_done, RESTART_SECONDS):
        log.warning("%s: the restart is not done after %.0f s", client.config.url, RESTART_SECONDS)


def request_restart(client: HarperClient, keep_alive: Callable[[], None]) -> str | None:
    """Asks a node to restart its workers; returns the job's id.

    A node refuses connections while its workers restart, which on a busy machine may still be going
    on after HarperDB reported that it was done. So the request is repeated for `RESTART_SECONDS`.

    Raises:
        HarperUnavailable: the node did not answer in that time.
        HarperRefused: the user may not restart workers.
    """
    job: str | None = None
    problem: HarperUnavailable | None = None

    def is_accepted() -> bool:
        nonlocal job, problem
        with contextlib.suppress(HarperUnavailable):
            keep_alive()
        try:
            answer = client.operation("restart_service", service="http_workers")
        except HarperUnavailable as error:
            problem = error
            return False
        job = answer.get("job_id") if isinstance(answer, dict) else None
        return True

    if not until(is_accepted, RESTART_SECONDS) and problem is not None:
        raise problem
    return job


def _wait(
    node: Node, component: Component, projects: Sequence[str], keep_alive: Callable[[], None]
) -> str:
    """Waits until every worker answers for every project; returns the problem, "" if none."""
    wrong = ""

    def is_complete() -> bool:
        nonlocal wrong
        with contextlib.suppress(HarperUnavailable):  # it may be ending
            keep_alive()
        found = ask_workers(node, projects)
        wrong = _wrong(found, component)
        # Routes are registered when a worker starts: one that is missing then stays missing.
        return not wrong or (found.is_complete and bool(found.missing()))

    until(is_complete, RESTART_SECONDS)
    return wrong


def _wrong(found: Workers, component: Component) -> str:
    name = found.node.name or found.node.routes_url
    missing = found.missing()
    if missing:
        return "; ".join(missing)
    if not found.is_complete:
        return f"{name}: {len(found.answered)} of {found.expected or '?'} workers answer"
    for worker in found.answered:
        code = worker.answers[component.project].component
        if code != component.code:
            return (
                f"{name}: worker {worker.number} answers for {component.project} with code "
                f"{code}, not {component.code}"
            )
    return ""
