"""Finds the HarperDB that a command connects to, as named by the environment."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from training.errors import ConfigError
from training.harper import cluster
from training.harper.client import HarperClient
from training.harper.cluster import Target
from training.harper.config import HarperConfig
from training.harper.local import cluster as local_cluster
from training.harper.local.node import PROJECT_ROOT
from training.harper.local.server import connection
from training.harper.node import until

READY_SECONDS = 30.0
"""How long to wait for a HarperDB that was just started elsewhere."""
HARPER_FOLDER = PROJECT_ROOT / "harper-local"
CLUSTER_FOLDER = HARPER_FOLDER / "cluster"

Cluster = Annotated[
    bool, typer.Option("--cluster", help="Insist on a cluster; the local one without HARPER_URL.")
]


def connect(in_cluster: bool = False) -> Target:
    """Finds the nodes to work with, as the environment says.

    Without ``HARPER_URL`` the local server, or with ``--cluster`` the local cluster.
    ``HARPER_NODES`` names the other nodes for users who may not list them.

    Raises:
        ConfigError: no HarperDB is named and none runs here, or a cluster was requested and there
            is none.
    """
    hosts = [host.strip() for host in os.environ.get("HARPER_NODES", "").split(",") if host.strip()]
    target = cluster.target(_config(in_cluster), hosts=hosts or None)
    if in_cluster and not target.is_cluster:
        raise ConfigError(
            f"{target.node.url} knows no other nodes: join them (see docs/cluster.md), "
            "or name them with HARPER_NODES"
        )
    return target


def wait_until_ready(client: HarperClient) -> None:
    """Waits until HarperDB is healthy, and checks that it accepts our login.

    Raises:
        HarperUnavailable: it does not answer in time.
        HarperRefused: it refuses us.
    """
    until(client.is_healthy, READY_SECONDS, pause_seconds=1.0)
    client.operation("user_info")


def _config(in_cluster: bool) -> HarperConfig:
    if in_cluster and not os.environ.get("HARPER_URL"):
        node = local_cluster.first_running(local_cluster.nodes(CLUSTER_FOLDER))
        if node is None:
            raise ConfigError("no local cluster runs: `make cluster-up`, or name one by HARPER_URL")
        return node.config()
    return connection(HARPER_FOLDER)


def collector() -> tuple[str, str] | None:
    """Returns the login that reads events; None: the usual one does."""
    name = os.environ.get("HARPER_COLLECTOR_USERNAME")
    return (name, os.environ.get("HARPER_COLLECTOR_PASSWORD", "")) if name else None
