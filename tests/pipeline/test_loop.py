"""Rounds of the loop, on the checkerboard and a fake HarperDB at the wire."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import checkerboard
from tests.harper_places import Place, fake_place
from tests.visitors import LIKES, visit
from training.data.examples import queries_of
from training.domains import DOMAINS
from training.errors import HarperUnavailable
from training.harper.local.node import PROJECT_ROOT
from training.pipeline import deployed, measured
from training.pipeline.folders import Folders, read_json
from training.pipeline.lock import exclusive
from training.pipeline.loop import (
    DEPLOYED,
    FAILED,
    REFUSED,
    STEPS,
    UNCHANGED,
    Loop,
)
from training.pipeline.rounds import JOURNAL, append_round, rounds
from training.pipeline.stages import STAGES

pytestmark = pytest.mark.slow

CHANGES = (*checkerboard.SETTINGS, "evaluate.quick=true")
POOR = (
    "model.user_items=1",
    "model.dim=1",
    "train.max_steps=1",
    "items.neighbours=1",
    "items.new_neighbours=0",
    "items.max_pairs=1",
    "items.cap=2",
    "items.max_calibration=1",
    "items.epochs=1",
)
"""Settings with which nothing of what users have in common is learned."""


@dataclass
class Learner:
    """A loop that serves a fake HarperDB."""

    place: Place
    loop: Loop

    @property
    def folders(self) -> Folders:
        return self.loop.folders

    def run(self, **changes: Any) -> dict[str, Any]:
        done = replace(self.loop, **changes).run()
        assert rounds(self.folders.home)[-1] == done
        return done


def learner_of(board: Folders, folder: Path, place: Place) -> Learner:
    assert place.fake is not None
    place.fake.replays = True
    shutil.copytree(board.artifacts, folder / "artifacts")
    loop = Loop(
        Folders(DOMAINS["songs"], board.raw, folder / "artifacts"),
        connect=lambda: place.target,
        component=lambda: place.component,
        by="tests",
        changes=CHANGES,
    )
    return Learner(place, loop)


@pytest.fixture
def learner(board: Folders, tmp_path: Path, fake: Place) -> Learner:
    """The checkerboard, exported and not deployed."""
    return learner_of(board, tmp_path, fake)


@pytest.fixture(scope="module")
def experienced(board: Folders, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Learner]:
    """A learner that has deployed twice: before visitors came, and after."""
    folder = tmp_path_factory.mktemp("loop")
    with fake_place(folder) as place:
        learner = learner_of(board, folder, place)
        assert learner.run()["outcome"] == DEPLOYED
        visit(place, range(250))
        assert learner.run()["outcome"] == DEPLOYED
        yield learner


def test_the_first_round_deploys_and_the_next_finds_nothing_new(learner: Learner) -> None:
    first = learner.run()
    assert first["outcome"] == DEPLOYED, first
    assert first["before"] is None
    assert first["after"] == learner.place.answering()
    assert first["new_events"] == 0
    assert 0.5 < first["test_ndcg@20"] < 1
    pointer = learner.place.models.pointer()
    steps: list[str] = []
    second = learner.run(step=steps.append)
    assert second["outcome"] == UNCHANGED
    assert second["before"] == second["after"] == first["after"]
    assert steps == ["connect", "collect", "pull"]
    assert learner.place.models.pointer() == pointer
    [shown] = [row["rounds"] for row in learner.place.rows("current") if row["id"] == "rounds"]
    assert [one["outcome"] for one in shown] == [UNCHANGED, DEPLOYED]
    assert shown[1]["ndcg@20"] == first["test_ndcg@20"]


def test_fewer_events_than_asked_for_are_kept_for_later(learner: Learner) -> None:
    learner.run()
    few = visit(learner.place, range(3))
    done = learner.run(least_events=few + 1)
    assert (done["outcome"], done["new_events"], done["events"]) == (UNCHANGED, few, few)
    # Collected before, and still waiting to be learned from.
    assert learner.run(least_events=few + 1)["new_events"] == few


@pytest.mark.slow
def test_what_visitors_do_is_learned_compared_and_deployed(experienced: Learner) -> None:
    first, second = rounds(experienced.folders.home)[:2]
    assert second["outcome"] == DEPLOYED, second
    assert second["new_events"] == second["events"] == 250 * LIKES
    assert second["before"] == first["after"]
    assert second["after"] == experienced.place.answering() != second["before"]
    assert list(second["seconds"]) == [*STEPS, "all"]
    gate = second["gate"]
    assert gate["people"] >= 20
    assert gate["low"] <= gate["difference"] <= gate["high"]
    assert gate["shipped"] > 0.7
    assert min(gate["new"], gate["current"]) > 0.7
    assert read_json(experienced.folders.prepared / "source.json")["events"]["rows"] == 250 * LIKES
    again = experienced.run()
    assert (again["outcome"], again["new_events"]) == (UNCHANGED, 0)


@pytest.mark.slow
def test_a_round_starts_from_the_current_model_unless_it_learned_from_the_held_out_people(
    experienced: Learner,
) -> None:
    # Before there were events, other people were held out.
    second = rounds(experienced.folders.home)[1]
    assert "learned from" in second["start"]
    assert second["start"].endswith("of the people who are held out now")
    visit(experienced.place, range(400, 470))
    done = experienced.run()
    assert done["outcome"] == DEPLOYED, done
    assert done["start"] == f"warm from {done['before']}"
    visit(experienced.place, range(470, 540))
    done = experienced.run(changes=(*CHANGES, "train.warm_start=false"))
    assert (done["outcome"], done["start"]) == (DEPLOYED, ""), done


@pytest.mark.slow
def test_a_model_that_is_worse_on_the_same_people_is_refused(experienced: Learner) -> None:
    answering = experienced.place.answering()
    assert answering is not None
    visit(experienced.place, range(250, 320))
    done = experienced.run(changes=(*CHANGES, *POOR))
    assert done["outcome"] == REFUSED, done
    # So poor a model may not beat popularity either.
    assert any("held-out people" in objection for objection in done["objections"])
    assert done["gate"]["high"] < 0
    assert done["before"] == done["after"] == answering == experienced.place.answering()
    assert deployed.find(experienced.folders, answering) is not None
    assert "other settings: model.dim" in done["start"]
    # Its events were learned from: the same model is not made again.
    assert experienced.run()["outcome"] == UNCHANGED


@pytest.mark.slow
@pytest.mark.parametrize("step", ["train", "deploy"])
def test_killed_between_two_stages_it_continues_where_it_was(learner: Learner, step: str) -> None:
    learner.run()
    visit(learner.place, range(250))
    before = learner.place.answering()
    killed_round(learner, step)
    assert len(rounds(learner.folders.home)) == 1
    finished = [
        name
        for name, stage in STAGES.items()
        if STEPS.index(name) < STEPS.index(step) and stage.folder(learner.folders).is_dir()
    ]
    marks = {name: stamp(learner, name) for name in finished}
    assert learner.place.answering() == before
    done = learner.run()
    assert done["outcome"] == DEPLOYED, done
    assert done["new_events"] == 250 * LIKES
    assert marks == {name: stamp(learner, name) for name in finished}
    assert done["before"] == before != learner.place.answering() == done["after"]


def stamp(learner: Learner, name: str) -> int:
    return (STAGES[name].folder(learner.folders) / "stage.json").stat().st_mtime_ns


def killed_round(learner: Learner, step: str) -> None:
    config = learner.place.config
    packed = learner.place.folder / "component.pickle"
    packed.write_bytes(pickle.dumps(learner.place.component))
    names = ("url", "routes_url", "username", "password")
    request = {
        "config": {name: getattr(config, name) for name in names},
        "raw": str(learner.folders.raw),
        "artifacts": str(learner.folders.artifacts),
        "component": str(packed),
        "changes": learner.loop.changes,
        "step": step,
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.loop_and_die"],
        input=json.dumps(request),
        text=True,
        cwd=PROJECT_ROOT,
        check=False,
        capture_output=True,
    )
    assert done.returncode == -9, f"step {step} was not reached: {done.stderr[-2000:]}"


def test_a_failure_is_recorded_with_its_stage_in_one_line(learner: Learner) -> None:
    def nobody() -> Any:
        raise HarperUnavailable("connect", "nobody\nanswers")

    done = learner.run(connect=nobody)
    assert (done["outcome"], done["stage"]) == (FAILED, "connect")
    assert done["error"] == "connect: nobody answers"
    missing = replace(learner.folders, raw=learner.folders.artifacts / "nowhere")
    done = learner.run(folders=missing)
    assert (done["outcome"], done["stage"]) == (FAILED, "prepare")
    assert learner.run()["outcome"] == DEPLOYED


def test_a_login_of_its_own_reads_the_events(learner: Learner) -> None:
    learner.run()
    done = learner.run(collector=("recommender_collector", "wrong"))
    assert (done["outcome"], done["stage"]) == (FAILED, "collect")
    rows = learner.place.rows("current")
    assert [one["outcome"] for row in rows for one in row.get("rounds") or []] == [FAILED, DEPLOYED]
    assert "Login failed" in done["error"]


def test_nodes_none_of_which_can_be_read_are_a_failure(learner: Learner) -> None:
    learner.run()
    assert learner.place.fake is not None
    del learner.place.fake.tables[learner.place.domain.database, "events"]
    done = learner.run()
    assert (done["outcome"], done["stage"]) == (FAILED, "collect")
    assert "no node could be read" in done["error"]
    assert len(done["unread"]) == 1


def test_a_round_waits_for_no_other_command(learner: Learner) -> None:
    with exclusive(learner.folders.home, "train songs"):
        done = learner.run()
    assert (done["outcome"], done["stage"]) == (FAILED, "lock")
    assert "train songs" in done["error"]


def test_a_line_that_was_cut_off_is_ignored_and_spoils_no_other(learner: Learner) -> None:
    first = learner.run()
    with (learner.folders.home / JOURNAL).open("ab") as file:
        file.write(b'{"outcome": "depl')
    assert rounds(learner.folders.home) == [first]
    append_round(learner.folders, {"outcome": UNCHANGED, "what": "ö"})
    assert [done["outcome"] for done in rounds(learner.folders.home)] == [DEPLOYED, UNCHANGED]


def test_only_the_latest_deployed_bundles_are_kept(learner: Learner) -> None:
    version = learner.run()["after"]
    kept = deployed.find(learner.folders, version)
    assert kept is not None
    # The bundle has learned from all 240; the model that is compared has not.
    assert len(kept.learned_from) == 216
    model = measured.load(kept.measured)
    assert model is not None
    queries = queries_of(checkerboard.data_of(learner.folders), "test", 3, checkerboard.config())
    ranked = [
        one.ranked(checkerboard.data_of(learner.folders), queries.favourites, 20)
        for one in (model, measured.latest(learner.folders))
    ]
    assert np.array_equal(*ranked)
    (kept.measured / measured.NOTE).unlink()
    assert measured.load(kept.measured) is None
    (kept.folder / "model.json").unlink()
    assert deployed.find(learner.folders, version) is None
    deployed.keep(learner.folders, version)
    assert deployed.find(learner.folders, version) is not None
    deployed.keep(learner.folders, "00000000deadbeef")
    assert deployed.find(learner.folders, "00000000deadbeef") is None
