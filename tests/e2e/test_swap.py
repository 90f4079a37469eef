"""Models are swapped while visitors ask: nobody is failed, nobody is answered by two models at
once.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

from tests.fake_bundle import version_of
from tests.harper_places import Place, built_component, real_node, wait_for
from training.harper.local.node import PROJECT_ROOT, LocalNode
from training.harper.local.server import running_process
from training.harper.node import recommend

pytestmark = pytest.mark.e2e

RATE = 200
"""Requests a second."""
QUIET_SECONDS = 15
SWAP_SECONDS = 60
SWAPS = 20
AFTER_SWAP_MS = 1500
"""What counts as during a swap."""
FULL_SIZE = {"items": 20_000, "results": 1110, "ballast": 3_000_000}
"""A model of the Taste Profile's weight: 12 MB, and a catalogue of its own beside it."""
WARM_UP, MANY, WINDOW = 10, 50, 10
"""Swaps before the first look at the memory, swaps between the looks, swaps that a look lasts."""
RESULTS = PROJECT_ROOT / "test-results"


@pytest.fixture
def place(real_place: Place, tmp_path: Path) -> Place:
    real_place.folder = tmp_path
    real_place.empty()
    return real_place


def two_bundles(place: Place) -> list[Path]:
    """Two real models of the demonstration data, where they were made; else two small ones."""
    made = [PROJECT_ROOT / "artifacts" / "test" / "bundles" / f"songs{v}" for v in ("", "-second")]
    if all((folder / "manifest.json").exists() for folder in made):
        # A copy: whoever makes them anew meanwhile makes other models.
        return [shutil.copytree(folder, place.folder / folder.name) for folder in made]
    return [place.bundle(name, items=2000, results=1110) for name in "ab"]


def questions(bundle: Path) -> list[dict[str, Any]]:
    """Questions that two models answer differently; the towers' answers depend on the seed."""
    ids = json.loads((bundle / "item_ids.json").read_text())
    rng = np.random.default_rng(3)
    chosen = [rng.choice(len(ids) // 2, size=1 + n % 5, replace=False) for n in range(25)]
    fixed = {"strategy": "voters", "limit": 10}
    return [{"favourites": [ids[i] for i in some], **fixed} for some in chosen]


def answers(place: Place, asked: list[dict[str, Any]]) -> list[list[str]]:
    """What the current model says, in quiet."""
    received = [recommend(place.target.node, place.domain.project, question) for question in asked]
    return [[r["id"] for r in answer["recommendations"]] for answer in received]


def tensors(place: Place) -> dict[int, int]:
    """The number of tensors each worker holds."""
    held = {}
    url = f"{place.config.routes_url}/{place.domain.project}/stats"
    login = (place.config.username, place.config.password)
    for _ in range(30):
        received = requests.get(url, auth=login).json()
        held[received["worker"]] = received["runtime"]["tensors"]
    assert len(held) == received["workers"] == 2
    return held


def test_twenty_swaps_under_load_fail_nobody_and_mix_nothing(place: Place) -> None:
    bundles = two_bundles(place)
    asked = questions(bundles[0])
    expected = {}
    for bundle in bundles:
        place.deploy(bundle, force=True)
        expected[version_of(bundle)] = answers(place, asked)
    assert expected[version_of(bundles[0])] != expected[version_of(bundles[1])]
    before = tensors(place)

    task = {
        "url": f"{place.config.routes_url}/{place.domain.project}/recommend",
        "bodies": asked,
        "expected": expected,
        "rate": RATE,
        "seconds": QUIET_SECONDS + SWAP_SECONDS,
    }
    load = subprocess.Popen(
        ["node", str(Path(__file__).with_name("load.mjs"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    load.stdin.write(json.dumps(task))  # type: ignore[union-attr]
    load.stdin.close()  # type: ignore[union-attr]
    time.sleep(QUIET_SECONDS)
    swaps = swap(place, bundles)
    received = json.loads(load.stdout.read())  # type: ignore[union-attr]
    assert load.wait() == 0

    write_figures(received, swaps, before, tensors(place))
    assert received["sent"] == RATE * (QUIET_SECONDS + SWAP_SECONDS)
    assert received["failed"] == []
    assert received["mixed"] == []
    assert received["answered"] == received["sent"]
    assert len(swaps) == SWAPS
    assert tensors(place) == before


def test_fifty_swaps_leave_tensors_and_memory_where_they_were(tmp_path: Path) -> None:
    # A node of its own: what other tests left in the memory could go meanwhile, and hide a growth.
    with real_node(tmp_path / "node") as node:
        place = Place(node.config(), built_component(), tmp_path)
        bundles = [place.bundle(name, **FULL_SIZE) for name in "ab"]
        # The first swaps grow wasm's memory to the two models that it holds while it swaps, and
        # the heaps to the garbage of one; none of it is ever given back, or needed twice.
        memory_after_swaps(place, node, bundles, WARM_UP)
        before = memory_after_swaps(place, node, bundles, WINDOW)
        after = memory_after_swaps(place, node, bundles, MANY)[-WINDOW:]
        # Items, scores and ballast of one model; a worker that nobody asked is a second behind.
        wait_for(lambda: set(tensors(place).values()) == {3})
    # The least of each: how much garbage stands about changes a single look by a tenth, and a leak
    # is what no look is without.
    growth = min(after) / min(before)
    write("memory.json", {"growth": round(growth, 3), "before_mb": before, "after_mb": after})
    assert growth < 1.1


def memory_after_swaps(
    place: Place, node: LocalNode, bundles: list[Path], swaps: int
) -> list[float]:
    """Returns the resident memory of the server after each of so many swaps, in MB."""
    found = []
    for turn in range(swaps):
        place.deploy(bundles[turn % 2], force=True)
        process = running_process(node)
        assert process is not None
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        [resident] = [line.split()[1] for line in lines if line.startswith("VmRSS:")]
        found.append(round(int(resident) / 1000, 1))
    return found


def swap(place: Place, bundles: list[Path]) -> list[float]:
    """Deploys one after the other, evenly spread; returns when each pointer moved (ms since
    1970).
    """
    moved = []
    begin = time.time()
    for turn in range(SWAPS):
        place.deploy(bundles[turn % 2], force=True)
        moved.append(_milliseconds(str((place.models.pointer() or {})["at"])))
        time.sleep(max(0.0, begin + (turn + 1) * SWAP_SECONDS / SWAPS - time.time()))
    return moved


def _milliseconds(at: str) -> float:
    return float(np.datetime64(at.rstrip("Z"), "ms").astype(int))


def write_figures(
    received: dict[str, Any], swaps: list[float], before: dict[int, int], after: dict[int, int]
) -> None:
    samples = np.array(received["samples"])  # [requests, 2]: when (ms since 1970), how long (ms)
    at, took = samples[:, 0], samples[:, 1]
    quiet = (at > received["began"] + 3000) & (at < swaps[0] - 1000)
    near = np.any(
        (at[:, None] >= np.array(swaps)) & (at[:, None] < np.array(swaps) + AFTER_SWAP_MS), 1
    )
    quiet_p99, swap_p99 = np.percentile(took[quiet], 99), np.percentile(took[near], 99)
    figures = {
        "requests": received["sent"],
        "failed": len(received["failed"]),
        "mixed": len(received["mixed"]),
        "swaps": len(swaps),
        "p99_during_swaps_over_quiet": round(float(swap_p99 / quiet_p99), 2),
        "p99_quiet_ms": round(float(quiet_p99), 1),
        "p99_during_swaps_ms": round(float(swap_p99), 1),
        "p99_from_first_swap_on_ms": round(float(np.percentile(took[at >= swaps[0]], 99)), 1),
        "tensors_before": before,
        "tensors_after": after,
    }
    write("swaps.json", figures)


def write(name: str, figures: dict[str, Any]) -> None:
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / name).write_text(json.dumps(figures, indent=1))
    print(json.dumps(figures))
