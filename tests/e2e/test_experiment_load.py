"""Experiments begin and end while visitors ask: nobody is failed, nobody is answered by two models
at once, and nobody changes sides.
"""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.e2e.test_swap import tensors, write
from tests.fake_bundle import item_ids, version_of
from tests.harper_places import Place, wait_for
from training.deploy.versions import pointer_row
from training.harper.node import recommend

pytestmark = pytest.mark.e2e

RATE = 100
"""Requests a second."""
SECONDS = 45
STARTS = 20
SESSIONS = 40
ROW = "experiment"
SALT = "895747542690d408428ed48b7fdbda3b"


@pytest.fixture
def place(real_place: Place, tmp_path: Path) -> Place:
    real_place.folder = tmp_path
    real_place.empty()
    return real_place


def questions() -> list[dict[str, Any]]:
    """One question a session; both models know the items."""
    ids = item_ids(0)[:20]
    return [
        {"favourites": [ids[n % 20]], "limit": 10, "session": f"a-visitor-of-tab-{n}"}
        for n in range(SESSIONS)
    ]


def answers(place: Place, asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the node says in quiet."""
    return [recommend(place.target.node, place.domain.project, question) for question in asked]


def ids(answer: dict[str, Any]) -> list[str]:
    return [one["id"] for one in answer["recommendations"]]


def states(place: Place) -> list[dict[str, Any] | None]:
    """What each worker says of the experiment."""
    url = f"{place.config.routes_url}/{place.domain.project}/health"
    found: dict[int, dict[str, Any] | None] = {}
    for _ in range(30):
        received = requests.get(url).json()
        found[received["worker"]] = received.get("experiment")
        if len(found) == received["workers"]:
            break
    return list(found.values())


def begin(place: Place, champion: str, challenger: str, mode: str) -> None:
    """Starts an experiment, and waits until every worker can carry it out."""
    experiment = {
        "format": 1,
        "id": "4f1c9a02",
        "state": "running",
        "mode": mode,
        "share": 0.5,
        "salt": SALT,
        "champion": {"version": champion, "strategy": None, "settings": {}},
        "challenger": {"version": challenger, "strategy": None, "settings": {}},
        "started": "2026-11-24T10:00:00.000Z",
    }
    row = pointer_row(ROW, "tests", version=challenger, experiment=experiment)
    at = place.models.write(row)
    ready = {"id": "4f1c9a02", "at": at, "state": "ready"}
    wait_for(lambda: all(one == ready for one in states(place)))


def end(place: Place) -> None:
    place.target.client.delete(place.domain.database, "current", [ROW])
    wait_for(lambda: states(place) == [None, None])


def test_twenty_starts_and_stops_under_load_fail_nobody_mix_nothing_and_change_no_side(
    place: Place,
) -> None:
    first, second = (place.bundle(name) for name in "ab")
    for bundle in (first, second, first):
        place.deploy(bundle, force=True)
    champion, challenger = version_of(first), version_of(second)
    asked = questions()
    wait_for(lambda: all("answer" in answer for answer in answers(place, asked[:8])))
    expected = expected_answers(place, asked, champion, challenger)
    before = tensors(place)

    load = subprocess.Popen(
        ["node", str(Path(__file__).with_name("load.mjs"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert load.stdin is not None
    assert load.stdout is not None
    url = f"{place.config.routes_url}/{place.domain.project}/recommend"
    task = {"url": url, "bodies": asked, "expected": expected, "rate": RATE, "seconds": SECONDS}
    load.stdin.write(json.dumps(task))
    load.stdin.close()
    started = start_and_stop(place, champion, challenger)
    received = json.loads(load.stdout.read())
    assert load.wait() == 0

    write_figures(received, started)
    assert received["sent"] == received["answered"] == RATE * SECONDS
    assert (received["failed"], received["mixed"]) == ([], [])
    assert len(started) == STARTS
    # Whatever the experiments were, a session was on one side of all of them: they share a salt.
    sides = [set(seen) - {None} for seen in received["variants"]]
    assert {frozenset(side) for side in sides} == {
        frozenset({"champion"}),
        frozenset({"challenger", "interleaved"}),
    }
    wait_for(lambda: tensors(place) == before)


def expected_answers(
    place: Place, asked: list[dict[str, Any]], champion: str, challenger: str
) -> dict[str, list[list[str]]]:
    """Returns each version's answers, and the interleaved ones; [] for a session without such."""
    strangers = [{key: one[key] for key in ("favourites", "limit")} for one in asked]
    own = [ids(answer) for answer in answers(place, strangers)]
    begin(place, champion, challenger, "split")
    split = answers(place, asked)
    end(place)
    begin(place, champion, challenger, "interleave")
    drafted = answers(place, asked)
    end(place)
    assert {answer["variant"] for answer in split} == {"champion", "challenger"}
    others = [ids(answer) if answer["model"] == challenger else [] for answer in split]
    both = [ids(answer) if answer["variant"] == "interleaved" else [] for answer in drafted]
    for side in (others, both):
        assert all(one != other for one, other in zip(side, own, strict=True) if one)
    return {champion: own, challenger: others, "interleaved": both}


def start_and_stop(place: Place, champion: str, challenger: str) -> list[float]:
    """Starts and ends experiments, evenly spread over the load; returns the seconds each took."""
    took = []
    began = time.monotonic()
    for turn in range(STARTS):
        start = time.monotonic()
        begin(place, champion, challenger, "interleave" if turn % 2 else "split")
        took.append(time.monotonic() - start)
        middle = (turn + 0.6) * (SECONDS - 5) / STARTS
        time.sleep(max(0.0, began + middle - time.monotonic()))
        end(place)
        whole = (turn + 1) * (SECONDS - 5) / STARTS
        time.sleep(max(0.0, began + whole - time.monotonic()))
    return took


def write_figures(received: dict[str, Any], started: list[float]) -> None:
    figures = {
        "requests": received["sent"],
        "failed": len(received["failed"]),
        "mixed": len(received["mixed"]),
        "starts": len(started),
        "slowest_start_seconds": round(max(started), 2),
    }
    write("experiments.json", figures)
