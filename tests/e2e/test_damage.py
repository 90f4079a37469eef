"""Data that goes wrong beside a running node: a damaged model, pointer rows of every kind."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.fake_bundle import version_of
from tests.harper_places import Place, built_component, real_node, wait_for
from training.harper.local import server
from training.harper.local.node import LocalNode

pytestmark = pytest.mark.e2e

FLIPS, WINDOW = 150, 10
"""Pointer flips, and how many of the first and last are looked at."""


class Restartable(Place):
    node: LocalNode

    def restart(self) -> None:
        server.stop(self.node)
        server.start(self.node)
        wait_for(lambda: self.fetch("health").get("status") in ("ok", "degraded"))

    def fetch(self, route: str) -> dict[str, Any]:
        login = (self.config.username, self.config.password)
        url = f"{self.config.routes_url}/{self.domain.project}/{route}"
        answer = requests.get(url, auth=login)
        received: dict[str, Any] = answer.json()
        return received | {"http": answer.status_code}

    def point(self, version: Any) -> None:
        at = dt.datetime.now(dt.timezone.utc).isoformat(timespec="microseconds")
        self.write("current", {"id": "current", "version": version, "at": at, "by": "tests"})

    def is_answering(self, version: str, status: str) -> bool:
        received = self.fetch("health")
        return (received["model"], received["status"], received["http"]) == (version, status, 200)

    def resident(self) -> float:
        """Returns the server's resident memory, in MB."""
        process = server.running_process(self.node)
        assert process is not None
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        return next(int(x.split()[1]) / 1000 for x in lines if x.startswith("VmRSS:"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restartable]:
    folder = tmp_path_factory.mktemp("damage")
    with real_node(folder / "node", threads=1) as node:
        place = Restartable(node.config(), built_component(), folder)
        place.node = node
        yield place


def record(bundle: Path, **damaged: bytes) -> dict[str, Any]:
    """Returns the row of a model, with some of its blobs replaced."""
    manifest = json.loads((bundle / "manifest.json").read_text())
    topology = json.loads((bundle / "model.json").read_text())
    shards = [path for group in topology["weightsManifest"] for path in group["paths"]]
    row = {
        "version": manifest["version"],
        "created": manifest["created"],
        "manifest": (bundle / "manifest.json").read_text(),
        "topology": (bundle / "model.json").read_bytes(),
        "weights": b"".join((bundle / shard).read_bytes() for shard in shards),
        "item_ids": (bundle / "item_ids.json").read_bytes(),
        "probes": (bundle / "probes.json").read_bytes(),
    }
    return row | damaged


def test_a_node_restarted_with_a_damaged_model_answers_from_the_one_before(
    place: Restartable,
) -> None:
    old, new = (place.bundle(name) for name in "ab")
    place.deploy(old)
    place.deploy(new, force=True)
    whole = record(new)
    place.write("models", whole | {"weights": whole["weights"][:-100]})
    place.restart()
    received = place.fetch("health")
    assert (received["http"], received["status"]) == (200, "degraded")
    assert received["model"] == version_of(old)
    assert received["refused"]["version"] == version_of(new)
    assert "weights" in received["reason"]
    place.write("models", whole)
    wait_for(lambda: place.is_answering(version_of(new), "ok"), 90)


# HarperDB itself refuses what is no text; tests/custom_functions/damage.test.js has those.
@pytest.mark.parametrize("version", [None, "", "nowhere", "__proto__"])
def test_a_pointer_row_of_any_kind_takes_nothing_away(place: Restartable, version: Any) -> None:
    bundle = place.bundle("a")
    place.deploy(bundle, force=True)
    place.point(version)
    wait_for(lambda: place.is_answering(version_of(bundle), "degraded"))
    assert place.fetch("health")["refused"]["reason"]
    place.point(version_of(bundle))
    wait_for(lambda: place.is_answering(version_of(bundle), "ok"))


def test_150_pointer_flips_leave_tensors_and_memory_where_they_were(place: Restartable) -> None:
    versions = [version_of(place.bundle(name)) for name in "ab"]
    for name in "ab":
        place.deploy(place.bundle(name), force=True)
    found = []
    for n in range(FLIPS):
        place.point(versions[n % 2])
        wait_for(lambda n=n: place.is_answering(versions[n % 2], "ok"))
        found.append((place.fetch("stats")["runtime"]["tensors"], place.resident()))
    first, last = found[WINDOW : 2 * WINDOW], found[-WINDOW:]
    assert {tensors for tensors, _ in last} == {tensors for tensors, _ in first}
    # The least of each window: garbage comes and goes, a leak stays.
    assert min(mb for _, mb in last) < 1.1 * min(mb for _, mb in first)
