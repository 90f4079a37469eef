"""Three real HarperDB nodes that replicate: one deploy, every node answers; nodes that fail catch
up.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from typing import NamedTuple

import pytest

from tests.fake_bundle import item_ids, version_of
from tests.harper_places import Place, built_component, three_nodes, wait_for
from training.deploy.rollback import rollback
from training.errors import HarperUnavailable
from training.harper import cluster
from training.harper.cluster import Target
from training.harper.local import cluster as local_cluster
from training.harper.local.node import PROJECT_ROOT, LocalNode
from training.harper.local.processes import is_alive
from training.harper.local.server import running_process, start, stop
from training.harper.node import Node, health, recommend

pytestmark = pytest.mark.e2e

START_ATTEMPTS = 4
"""How often to wait for the nodes, 90 seconds each time."""


class Nodes(Place):
    """A place with three nodes; deploys go through the first."""

    members: list[LocalNode]

    @property
    def target(self) -> Target:
        return cluster.target(self.config)

    def models_answering(self) -> list[str | None]:
        return [health(node, self.domain.project).model for node in self.target.nodes]

    def kill(self, index: int) -> None:
        """Ends a node as a power cut would."""
        process = running_process(self.members[index])
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        wait_for(lambda: not is_alive(process))

    def roll_back(self) -> list[str]:
        done = rollback(self.target, self.domain.database, self.domain.project, None, by="tests")
        return [standing.state for standing in done.states]


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    folder = tmp_path_factory.mktemp("cluster")
    with three_nodes(folder) as members:
        nodes = Nodes(members[0].config(), built_component(), folder / "bundles")
        nodes.members = members
        yield nodes


@pytest.fixture(autouse=True)
def all_up(three: Nodes) -> None:
    """Each test begins with three healthy nodes.

    A worker of HarperDB that cannot connect to a peer ends and is started again: of several nodes
    that start at the same time on a busy machine, each may wait for the others for minutes.
    """
    for _ in range(START_ATTEMPTS - 1):
        with contextlib.suppress(HarperUnavailable):
            return local_cluster.start_all(three.members)
    return local_cluster.start_all(three.members)


@contextlib.contextmanager
def watched(three: Nodes, version: str) -> Iterator[dict[str, float]]:
    """Yields when each node first answered with a version, in seconds since 1970."""
    seen: dict[str, float] = {}
    over = threading.Event()

    def look(node: Node) -> None:
        while node.name not in seen and not over.wait(0.02):
            if health(node, three.domain.project).model == version:
                seen[node.name] = time.time()

    threads = [threading.Thread(target=look, args=(node,)) for node in three.target.nodes]
    for thread in threads:
        thread.start()
    yield seen
    with contextlib.suppress(AssertionError):  # whoever looks at `seen` says it better
        wait_for(lambda: len(seen) == len(threads))
    over.set()
    for thread in threads:
        thread.join()


def note(**figures: float) -> None:
    """Keeps figures of this run; a test asserts no time."""
    path = PROJECT_ROOT / "test-results" / "cluster.json"
    path.parent.mkdir(exist_ok=True)
    figures_so_far = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(figures_so_far | figures, indent=1))


def test_the_cluster_tells_its_nodes_and_one_deploy_reaches_all(three: Nodes) -> None:
    bundle = three.bundle("a")
    outcome = three.deploy(bundle)
    assert outcome.code_deployed
    assert [s.state for s in outcome.states] == ["answers"] * 3
    for node in three.target.nodes:
        answer = recommend(node, three.domain.project, {"favourites": item_ids(0)[:2]})
        assert answer["model"] == version_of(bundle)
        assert answer["recommendations"][0]["title"].startswith("Song")


def test_a_second_model_reaches_all_without_new_code_and_back(three: Nodes) -> None:
    first, second = three.bundle("a"), three.bundle("b")
    three.deploy(first)
    with watched(three, version_of(second)) as seen:
        outcome = three.deploy(second)
    pointer = datetime.fromisoformat(str((three.models.pointer() or {})["at"]).rstrip("Z"))
    moved = pointer.replace(tzinfo=timezone.utc).timestamp()
    note(pointer_to_last_node_s=round(max(seen.values()) - moved, 2))
    assert len(seen) == 3
    assert not outcome.code_deployed
    assert outcome.is_on_all_nodes
    assert three.roll_back() == ["answers"] * 3
    assert three.models_answering() == [version_of(first)] * 3


def test_a_node_that_is_down_is_named_and_catches_up_by_itself(three: Nodes) -> None:
    three.deploy(three.bundle("a"))
    three.kill(2)
    bundle = three.bundle("c")
    outcome = three.deploy(bundle)
    assert [s.state for s in outcome.states] == ["answers", "answers", "down"]
    assert outcome.states[2].node.name == "127.0.0.4"
    assert not outcome.is_on_all_nodes
    start(three.members[2])
    healthy = time.time()
    wait_for(lambda: three.models_answering() == [version_of(bundle)] * 3)
    note(node_back_to_caught_up_s=round(time.time() - healthy, 2))
    answer = recommend(
        three.target.nodes[2], three.domain.project, {"favourites": [item_ids(0)[0]]}
    )
    assert answer["recommendations"][0]["title"].startswith("Song")


def test_a_node_with_its_peers_gone_goes_on_recommending(three: Nodes) -> None:
    bundle = three.bundle("d")
    three.deploy(bundle)
    survivor = three.target.nodes[1]
    three.kill(0)
    three.kill(2)
    for _ in range(20):
        answer = recommend(survivor, three.domain.project, {"favourites": item_ids(0)[:3]})
        assert answer["model"] == version_of(bundle)
    config = replace(three.config, url=survivor.url, routes_url=survivor.routes_url)
    replication = functools.partial(cluster.replication, survivor, config, three.domain.database)
    wait_for(lambda: replication() == "0 of 2 peers")


def test_new_code_reaches_every_node_by_a_rolling_restart(three: Nodes) -> None:
    three.deploy(three.bundle("d"))
    old, new_code = three.component, "c0dec0dec0dec0de"
    files = dict(old.files) | {"web/ui/new.txt": b"new"}
    settings = files["settings.json"].replace(old.code.encode(), new_code.encode())
    three.component = replace(old, code=new_code, files=files | {"settings.json": settings})
    try:
        with codes_reported(three) as received:
            assert three.deploy(three.folder / "d").code_deployed
        now = [health(node, three.domain.project) for node in three.target.nodes]
        assert {h.component for h in now} == {new_code}
        for one, other in itertools.pairwise(three.target.nodes):
            last_old = max(t.asked for t in received if (t.node, t.code) == (one, old.code))
            first_new = min(t.said for t in received if (t.node, t.code) == (other, new_code))
            assert last_old < first_new, "a node was restarted before the last one had new code"
    finally:
        three.component = old


class CodeReport(NamedTuple):
    """Which code a node said it has, when it was asked and when it said so (seconds)."""

    node: Node
    code: str | None
    asked: float
    said: float


@contextlib.contextmanager
def codes_reported(three: Nodes) -> Iterator[list[CodeReport]]:
    """Yields what the nodes say meanwhile."""
    received: list[CodeReport] = []
    done = threading.Event()

    def ask(node: Node) -> None:
        while not done.is_set():
            asked = time.monotonic()
            code = health(node, three.domain.project).component
            received.append(CodeReport(node, code, asked, time.monotonic()))
            done.wait(0.02)

    threads = [threading.Thread(target=ask, args=(node,)) for node in three.target.nodes]
    for thread in threads:
        thread.start()
    try:
        yield received
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_a_node_that_cannot_load_the_model_keeps_its_old_one_and_is_named(three: Nodes) -> None:
    first, second = three.bundle("a"), three.bundle("e")
    three.deploy(first)
    make_a_node_refuse(three, 2, version_of(second))
    outcome = three.deploy(second)
    assert [s.state for s in outcome.states] == ["answers", "answers", "refused"]
    assert "format 1 of the manifest" in (outcome.states[2].reason or "")
    assert three.models_answering() == [version_of(second)] * 2 + [version_of(first)]
    assert three.roll_back() == ["answers"] * 3


def make_a_node_refuse(three: Nodes, index: int, version: str) -> None:
    """Changes the code of one node behind the deploy's back: its hash stays the same."""
    folder = three.members[index].folder / "root" / "components" / three.domain.project
    path = folder / "routes" / "recommend.js"
    # The bundler numbers names that several modules define.
    refusing = rf'\g<0>&&manifest.version!=="{version}"'
    code, count = re.subn(r"manifest\?\.format===FORMAT\d*", refusing, path.read_text())
    assert count == 1
    path.write_text(code)
    stop(three.members[index])
    local_cluster.start_all(three.members)
    wait_for(lambda: None not in three.models_answering())
