"""The nodes of a cluster, as listed by one of them, and the state of their replication."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from training.errors import HarperError, HarperRefused
from training.harper.client import HarperClient, Patience
from training.harper.config import HarperConfig
from training.harper.node import Node

QUICK = Patience(connect_seconds=2.0, read_seconds=5.0, attempts=1)
"""For a node that may be down."""


@dataclass(frozen=True)
class Target:
    """The nodes of a deploy.

    Attributes:
        client: The node that rows are written through.
        nodes: All nodes that should answer; the first is the one that `client` connects to.
    """

    client: HarperClient
    nodes: tuple[Node, ...]

    @property
    def node(self) -> Node:
        """The node that rows are written through."""
        return self.nodes[0]

    @property
    def is_cluster(self) -> bool:
        """Whether there are other nodes to which rows are replicated."""
        return len(self.nodes) > 1

    @property
    def settle_seconds(self) -> float:
        """How long a row written through another node or thread may take to be seen here."""
        return 0.5 if self.is_cluster else 0.1


def target(config: HarperConfig, *, hosts: Iterable[str] | None = None) -> Target:
    """Finds the nodes.

    Args:
        config: The node to connect to.
        hosts: Host names of the others; None: ask the node's ``cluster_status``.

    Raises:
        HarperError: the node does not answer, or refuses us.
    """
    client = HarperClient(config)
    first = Node("", config.url, config.routes_url, config.ca)
    if hosts is None:
        name, others = _known_nodes(client)
    else:
        name, others = urlsplit(config.url).hostname or "", list(hosts)
    rest = tuple(_beside(first, host) for host in others if host != name)
    return Target(client, (replace(first, name=name), *rest))


def _known_nodes(client: HarperClient) -> tuple[str, list[str]]:
    try:
        answer = client.operation("cluster_status")
    except HarperRefused as error:
        if error.status in (401,):
            raise
        return "", []  # only a super user may list them: use this node, or HARPER_NODES
    hosts = [str(connection.get("name")) for connection in answer.get("connections", [])]
    return str(answer.get("node_name", "")), sorted(set(hosts))


def _beside(first: Node, host: str) -> Node:
    """Returns the node of another host: the same ports, as all nodes of a cluster are configured
    alike.
    """
    return Node(host, _at(first.url, host), _at(first.routes_url, host), first.ca)


def _at(url: str, host: str) -> str:
    parts = urlsplit(url)
    name = f"[{host}]" if ":" in host else host
    return urlunsplit(parts._replace(netloc=f"{name}:{parts.port}" if parts.port else name))


def client_of(node: Node, config: HarperConfig, *, patience: Patience = QUICK) -> HarperClient:
    """Returns a client of that node, with the same credentials (users are replicated) and short
    time-outs unless others are named.
    """
    return HarperClient(
        replace(config, url=node.url, routes_url=node.routes_url), patience=patience
    )


def replication(node: Node, config: HarperConfig, database: str) -> str:
    """Returns the state of a node's replication of a database, for people: ``"2 of 2 peers"``,
    ``"alone"``.
    """
    try:
        answer = client_of(node, config).operation("cluster_status")
    except HarperRefused:
        return "no permission"
    except HarperError:
        return "unknown"
    peers = answer.get("connections", [])
    if not peers:
        return "alone"
    return f"{sum(_is_connected(peer, database) for peer in peers)} of {len(peers)} peers"


def _is_connected(peer: Mapping[str, Any], database: str) -> bool:
    sockets = [s for s in peer.get("database_sockets", []) if s.get("database") == database]
    return any(socket.get("connected") for socket in sockets)


def join(
    client: HarperClient, host: str, port: int, config: HarperConfig, *, verify_tls: bool
) -> None:
    """Adds a node to the cluster of the one that `client` connects to.

    Args:
        client: A node of the cluster.
        host: The new node's replication host name.
        port: Its replication port.
        config: Credentials of a super user there.
        verify_tls: Whether its certificate is checked; only a trial on loopback may omit that.
    """
    client.operation(
        "add_node",
        hostname=host,
        url=f"wss://{host}:{port}",
        verify_tls=verify_tls,
        authorization={"username": config.username, "password": config.password},
    )
