"""The commands that start and stop a HarperDB on this machine."""

from __future__ import annotations

import os

import typer

from training.cli import connection
from training.cli.connection import wait_until_ready
from training.cli.console import out
from training.harper.client import HarperClient
from training.harper.local import cluster as local_cluster
from training.harper.local import server
from training.harper.local.node import LocalNode

app = typer.Typer(no_args_is_help=True, help="A HarperDB on this machine: start and stop it.")


@app.command("up")
def up() -> None:
    """Start a local HarperDB on loopback, unless HARPER_URL names one.

    Example: harperdb-recommender harper up
    """
    if os.environ.get("HARPER_URL"):
        config = server.connection(connection.HARPER_FOLDER)
        wait_until_ready(HarperClient(config))
        out.print(f"HarperDB  {config.url} answers, as HARPER_URL says; none started here")
        return
    node = LocalNode.from_environment(connection.HARPER_FOLDER)
    ran = server.running_process(node) is not None
    server.start(node)
    out.print(
        f"HarperDB  {node.url} {'runs already' if ran else 'started'}; routes {node.routes_url}"
    )


@app.command("down")
def down() -> None:
    """Stop the local HarperDB that `up` started; its data stays.

    Example: harperdb-recommender harper down
    """
    ended = server.stop(LocalNode.from_environment(connection.HARPER_FOLDER))
    out.print(f"HarperDB  {'stopped; its data stays' if ended else 'does not run'}")


@app.command("cluster-up")
def cluster_up() -> None:
    """Start three local nodes that replicate, on 127.0.0.2, 127.0.0.3 and 127.0.0.4.

    Example: harperdb-recommender harper cluster-up
    """
    members = local_cluster.nodes(connection.CLUSTER_FOLDER)
    local_cluster.start_all(members)
    for node in members:
        out.print(f"HarperDB  {node.url}; routes {node.routes_url}")


@app.command("cluster-down")
def cluster_down() -> None:
    """Stop the local cluster; its data stays.

    Example: harperdb-recommender harper cluster-down
    """
    ended = local_cluster.stop_all(local_cluster.nodes(connection.CLUSTER_FOLDER))
    out.print(f"HarperDB  {ended} nodes stopped; their data stays")
