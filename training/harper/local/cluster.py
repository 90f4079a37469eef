"""Three HarperDB nodes on this machine's loopback addresses, replicating: a cluster for
experiments.

The nodes live under ``harper-local/cluster/node1 … node3`` and listen on 127.0.0.2, .3 and .4, with
the ports of `training.harper.local.server`. Linux answers on all of 127.0.0.0/8.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from training.errors import HarperUnavailable
from training.harper import cluster
from training.harper.client import HarperClient
from training.harper.local.launch import share_credentials
from training.harper.local.node import LocalNode
from training.harper.local.server import running_process, start, stop
from training.harper.node import until

SIZE = 3
JOIN_SECONDS = 30.0


def nodes(folder: Path, environment: Mapping[str, str] | None = None) -> list[LocalNode]:
    """Returns the nodes, running or not.

    Args:
        folder: ``harper-local/cluster``.
        environment: For the ports.

    Raises:
        ConfigError: a port is invalid.
    """
    alone = LocalNode.from_environment(folder, environment)
    return [
        replace(alone, folder=folder / f"node{i}", host=f"127.0.0.{i + 1}", threads=1)
        for i in range(1, SIZE + 1)
    ]


def start_all(members: list[LocalNode]) -> None:
    """Starts the nodes that are not running, and joins those that are not joined yet.

    Raises:
        ConfigError: a port is in use, or an address does not belong to this machine.
        HarperUnavailable: a node did not start, or does not replicate.
    """
    share_credentials([node.folder for node in members])
    with ThreadPoolExecutor(len(members)) as pool:
        list(pool.map(start, members))
    first, others = members[0], members[1:]
    client = HarperClient(first.config())
    joined = {peer.get("name") for peer in _peers(client)}
    for node in others:
        if node.host not in joined:
            # Certificates of a trial on loopback are the nodes' own; see docs/cluster.md for real
            # ones.
            cluster.join(client, node.host, node.replication_port, node.config(), verify_tls=False)
    if not until(lambda: all(_is_joined(node, len(others)) for node in members), JOIN_SECONDS):
        raise HarperUnavailable("add_node", "the nodes do not all replicate; see their logs")


def _peers(client: HarperClient) -> list[dict[str, object]]:
    peers: list[dict[str, object]] = client.operation("cluster_status").get("connections", [])
    return peers


def _is_joined(node: LocalNode, peers: int) -> bool:
    return len(_peers(HarperClient(node.config()))) >= peers


def stop_all(members: list[LocalNode]) -> int:
    """Stops the running nodes and keeps their data; returns how many there were."""
    return sum(stop(node) for node in members)


def first_running(members: list[LocalNode]) -> LocalNode | None:
    """Returns the first running node."""
    return next((node for node in members if running_process(node) is not None), None)
