"""Measures how reading grows with the nodes of a cluster, and prints ratios.

``make bench`` runs it; ``RECOMMENDER_BENCH_BUNDLE`` names another bundle than the demonstration's
songs. Three nodes with one worker each run on this machine, and so do their clients: with fewer
cores than nodes and clients the throughput is bounded by the cores. The processor time of an answer
shows what is left without that bound: nodes that ask each other nothing take the same for it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from statistics import median

import psutil

from tests.bench.load import finish, items, start
from tests.harper_places import built_component, three_nodes
from training.bundle import open_bundle
from training.deploy.deploy import deploy
from training.domains import DOMAINS
from training.harper import cluster
from training.harper.local.node import PROJECT_ROOT, LocalNode
from training.harper.local.server import running_process

SECONDS = 5
CONNECTIONS = 8
"""Of each node."""
ROUNDS = 3


def main() -> None:
    default = PROJECT_ROOT / "artifacts" / "test" / "bundles" / "songs"
    bundle = open_bundle(Path(os.environ.get("RECOMMENDER_BENCH_BUNDLE", default)), "songs")
    with tempfile.TemporaryDirectory() as folder, three_nodes(Path(folder)) as members:
        target = cluster.target(members[0].config())
        deploy(target, DOMAINS["songs"].database, bundle, built_component(), by="bench")
        ids = [row["id"] for _, row in bundle.catalogue()]
        for _ in range(ROUNDS):  # JavaScript is compiled as it runs
            read(members, ids)
        rounds = [
            [read(members[:count], ids) for count in range(1, len(members) + 1)]
            for _ in range(ROUNDS)
        ]
    for count in range(1, len(members) + 1):
        answers = median([one[count - 1][0] / one[0][0] for one in rounds])
        processor = median([one[count - 1][1] / one[0][1] for one in rounds])
        print(
            f"items from {count} nodes, {CONNECTIONS} connections each: {answers:.2f} times the "
            f"answers of one, {processor:.2f} times its processor time for an answer "
            f"({os.cpu_count()} cores, clients included)"
        )


def read(members: list[LocalNode], ids: list[str]) -> tuple[int, float]:
    """Returns how many answers the nodes gave at the same time, and a node's seconds for one."""
    servers = [
        psutil.Process(process.pid) for node in members if (process := running_process(node))
    ]
    before = sum(used(server) for server in servers)
    asking = [
        start(items(f"{node.routes_url}/song-recommender", ids), CONNECTIONS, node.host, SECONDS)
        for node in members
    ]
    answers = sum(len(finish(one)["answered"]) for one in asking)
    return answers, (sum(used(server) for server in servers) - before) / answers


def used(server: psutil.Process) -> float:
    times = server.cpu_times()
    return times.user + times.system


if __name__ == "__main__":
    main()
