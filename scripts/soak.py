"""Deploys two recommenders on one node in both orders, repeatedly, with every core busy.

It searches for a worker that lacks the routes of either. Each round replaces the code of both and
queries every worker about both after each deploy::

    make soak             # fifty rounds
    make soak ROUNDS=3
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from training.deploy.component import Component, pack
from training.deploy.install import install, is_installed
from training.domains import DOMAINS
from training.harper import cluster
from training.harper.local.node import LocalNode
from training.harper.local.server import start, stop
from training.harper.workers import ask_workers

PORTS = (19925, 19926, 19933)


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Keeps a number of cores busy."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def changed(component: Component, mark: str) -> Component:
    """Returns the component with another hash, which a node treats as other code."""
    files = dict(component.files)
    code = hashlib.sha256(f"{component.code} {mark}".encode()).hexdigest()[:16]
    settings = json.loads(files["settings.json"]) | {"code": code}
    files["settings.json"] = json.dumps(settings).encode()
    return dataclasses.replace(component, code=code, files=files)


def soak(node: LocalNode, rounds: int, say: Callable[[str], None]) -> list[str]:
    """Deploys both components once a round, in alternating order.

    Returns:
        The problems, one sentence each; empty if every worker answered for both after each
        deploy.
    """
    target = cluster.target(node.config(), hosts=[])
    latest = {name: pack(DOMAINS[name]) for name in ("songs", "books")}
    for component in latest.values():
        install(target, component, lambda: None, by="soak")
    wrong = []
    for number in range(rounds):
        began = time.monotonic()
        for name in ("songs", "books") if number % 2 == 0 else ("books", "songs"):
            latest[name] = changed(pack(DOMAINS[name]), f"{os.getpid()} {number}")
            install(target, latest[name], lambda: None, by="soak")
            found = ask_workers(target.node, [c.project for c in latest.values()])
            wrong += found.missing()
            wrong += [
                f"round {number + 1}: not every worker runs {component.project}"
                for component in latest.values()
                if not is_installed(found, component)
            ]
        say(
            f"round {number + 1} of {rounds}: {time.monotonic() - began:.0f} s, {len(wrong)} faults"
        )
    return wrong


def main() -> int:
    """Runs the rounds on a node of its own; returns the exit code."""
    rounds = int(os.environ.get("ROUNDS") or 50)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        node = LocalNode(Path(folder), "127.0.0.1", *PORTS)
        start(node)
        try:
            with busy(os.cpu_count() or 1):
                wrong = soak(node, rounds, print)
        finally:
            stop(node)
    print("\n".join(wrong) or f"{rounds} rounds, {2 * rounds} deploys, no worker without routes")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
