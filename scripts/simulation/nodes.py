"""The nodes of a simulation: two that replicate, the second with its clock an hour ahead."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import requests

from training.harper import cluster
from training.harper.cluster import Target
from training.harper.local import cluster as local_cluster
from training.harper.local import server
from training.harper.local.node import LocalNode
from training.harper.local.processes import is_alive
from training.harper.node import until

HOUR_AHEAD = Path(__file__).with_name("hour_ahead.cjs")
READY_SECONDS = 60.0


def two_nodes(folder: Path, ports: tuple[int, int, int]) -> list[LocalNode]:
    """Returns the nodes, not running.

    Args:
        folder: Everything that they own.
        ports: Of the operations API, the routes and replication, on both.
    """
    operations, routes, replication = ports
    first, second = (
        replace(node, operations_port=operations, routes_port=routes, replication_port=replication)
        for node in local_cluster.nodes(folder, {})[:2]
    )
    return [first, replace(second, preload=(HOUR_AHEAD,))]


@contextlib.contextmanager
def running(members: list[LocalNode]) -> Iterator[Target]:
    """Starts the nodes, and stops them in the end.

    They join while their clocks agree: a new node makes a certificate, and one whose time has not
    come is refused by the others.
    """
    try:
        local_cluster.start_all([replace(node, preload=()) for node in members])
        for node in members:
            if node.preload:
                server.stop(node)
                server.start(node)
        yield cluster.target(members[0].config())
    finally:
        local_cluster.stop_all(members)


def kill_and_return(node: LocalNode) -> None:
    """Ends a node as a power cut of its process would, and starts it again."""
    process = server.running_process(node)
    if process is None:
        raise RuntimeError(f"{node.routes_url} is not running")
    os.kill(process.pid, signal.SIGKILL)
    _until(lambda: not is_alive(process), f"{node.routes_url} does not end")
    server.start(node)


def wait_until_signing(members: list[LocalNode], project: str) -> None:
    """Waits until every worker signs its answers: workers read the keys every ten seconds."""
    for node in members:
        is_done = functools.partial(_signs, node, project)
        _until(is_done, f"{node.routes_url} signs no answers")


def _signs(node: LocalNode, project: str) -> bool:
    for _ in range(4 * node.threads):
        try:
            health = requests.get(f"{node.routes_url}/{project}/health", timeout=5).json()
        except (requests.RequestException, ValueError):
            return False
        if not health.get("events", {}).get("signing"):
            return False
    return True


def _until(is_done: Callable[[], bool], message: str) -> None:
    if not until(is_done, READY_SECONDS):
        raise TimeoutError(message)
