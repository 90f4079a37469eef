"""The HarperDBs of the deploy tests: a fake HTTP server, and a real one of their own."""

from __future__ import annotations

import contextlib
import json
import pickle
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.fake_bundle import make_bundle
from tests.fake_harper import FakeHarper
from training.bundle import open_bundle
from training.deploy.component import Component, pack
from training.deploy.deploy import deploy
from training.deploy.outcome import Outcome, Watcher
from training.deploy.versions import Models
from training.domains import DOMAINS
from training.domains.domain import Domain
from training.errors import ConfigError
from training.harper import cluster
from training.harper.cluster import Target
from training.harper.config import HarperConfig
from training.harper.local import cluster as local_cluster
from training.harper.local import ports
from training.harper.local.node import PROJECT_ROOT, LocalNode
from training.harper.local.server import start, stop
from training.harper.node import Health, health, recommend

TABLES = ("items", "models", "current", "locks", "catalogue_digests", "events", "event_keys")


@dataclass
class Place:
    """A HarperDB to deploy to, and helpers of the tests.

    Attributes:
        config: How to reach it.
        component: The code to deploy.
        folder: For bundles.
        fake: The fake server, if it is one.
    """

    config: HarperConfig
    component: Component
    folder: Path
    fake: FakeHarper | None = None
    domain: Domain = field(default_factory=lambda: DOMAINS["songs"])

    @property
    def target(self) -> Target:
        return cluster.target(self.config, hosts=[])

    @property
    def models(self) -> Models:
        return Models(self.target.client, self.domain.database)

    def bundle(self, name: str = "a", **options: Any) -> Path:
        """Makes a bundle; the seed depends on the name, so that other names are other models."""
        seed = sum(ord(letter) * 7**place for place, letter in enumerate(name)) % 900
        options.setdefault("seed", seed)
        return make_bundle(self.folder / name, domain=self.domain.name, **options)

    def deploy(self, bundle: Path, *, watcher: Watcher | None = None, **options: Any) -> Outcome:
        opened = open_bundle(bundle, self.domain.name)
        options.setdefault("by", "tests")
        database = self.domain.database
        return deploy(self.target, database, opened, self.component, watcher=watcher, **options)

    def health(self) -> Health:
        return health(self.target.node, self.domain.project)

    def answering(self) -> str | None:
        return self.health().model

    def ask(self, *favourites: str) -> dict[str, Any]:
        question = {"favourites": list(favourites), "limit": 10}
        return recommend(self.target.node, self.domain.project, question)

    def rows(self, table: str) -> list[dict[str, Any]]:
        key = "version" if table == "models" else "id"
        return self.target.client.every_row(self.domain.database, table, key, ["*"])

    def write(self, table: str, row: dict[str, Any]) -> None:
        self.target.client.upsert(self.domain.database, table, [row])

    def empty(self) -> None:
        """Removes all rows, so that a test finds no model and no catalogue, and releases the lock.

        The lock's row stays: a worker that learns late of its removal would take the number of the
        next lock for taken.
        """
        for table in TABLES:
            key = "version" if table == "models" else "id"
            with contextlib.suppress(Exception):
                rows = self.rows(table)
                if table == "locks":
                    released = [row | {"released": True} for row in rows]
                    self.target.client.upsert(self.domain.database, table, released)
                else:
                    self.target.client.delete(
                        self.domain.database, table, [row[key] for row in rows]
                    )


@contextlib.contextmanager
def fake_place(folder: Path) -> Iterator[Place]:
    """Yields a new fake."""
    fake = FakeHarper().start()
    try:
        yield Place(fake.config(), fake_component(), folder, fake)
    finally:
        fake.stop()


def fake_component(code: str = "c0de000000000001") -> Component:
    return fake_component_of("songs", code)


def fake_component_of(name: str, code: str) -> Component:
    domain = DOMAINS[name]
    settings = {"project": domain.project, "database": domain.database, "code": code}
    files = {
        "settings.json": json.dumps(settings).encode(),
        "schema.graphql": b"",
        "routes/recommend.js": b"",
        "web/ui/index.html": b"a page",
    }
    return Component(domain.project, code, files)


@contextlib.contextmanager
def real_node(folder: Path, host: str = "127.0.0.1", **options: Any) -> Iterator[LocalNode]:
    """Yields a running node of our own: own folder, free ports."""
    operations, routes, replication = free_ports(host, 3)
    node = LocalNode(folder, host, operations, routes, replication, **options)
    start(node)
    try:
        yield node
    finally:
        stop(node)


@contextlib.contextmanager
def three_nodes(folder: Path) -> Iterator[list[LocalNode]]:
    """Yields three running nodes that replicate: own folder, free ports."""
    operations, routes, replication = free_ports("127.0.0.1", 3)
    members = [
        replace(node, operations_port=operations, routes_port=routes, replication_port=replication)
        for node in local_cluster.nodes(folder, {})
    ]
    try:
        local_cluster.start_all(members)
        yield members
    finally:
        local_cluster.stop_all(members)


def free_ports(host: str, count: int) -> list[int]:
    """Returns free ports that were not returned before.

    They are below the ephemeral range: otherwise a connection could get the port of a node that is
    down.
    """
    found: list[int] = []
    while len(found) < count:
        port = random.SystemRandom().randrange(20_000, 32_000)
        if port not in _GIVEN and not ports.is_taken(host, port):
            found.append(port)
            _GIVEN.add(port)
    return found


_GIVEN: set[int] = set()


def built_component(domain: str = "songs") -> Component:
    """Returns the real component, and builds it if necessary."""
    try:
        return pack(DOMAINS[domain])
    except ConfigError:
        subprocess.run(["npm", "run", "build"], cwd=PROJECT_ROOT, check=True, capture_output=True)
        return pack(DOMAINS[domain])


def wait_for(condition: Any, seconds: float = 120.0) -> None:
    """Waits for a condition that must become true; the time is not tested."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.05)


def killed_deploy(place: Place, bundle: Path, step: str) -> int:
    """Runs a deploy in a separate process that kills itself when a step begins."""
    settings = {
        "url": place.config.url,
        "routes_url": place.config.routes_url,
        "username": place.config.username,
        "password": place.config.password,
    }
    packed = place.folder / "component.pickle"
    packed.write_bytes(
        pickle.dumps(place.component)
    )  # the same code, even if it is built again meanwhile
    request = {"config": settings, "bundle": str(bundle), "step": step, "component": str(packed)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.deploy_and_die"],
        input=json.dumps(request),
        text=True,
        cwd=PROJECT_ROOT,
        check=False,
        capture_output=True,
    )
    assert done.returncode == -9, f"step {step} was not reached: {done.stderr[-2000:]}"
    return done.returncode


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
