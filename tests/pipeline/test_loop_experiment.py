"""Rounds of `loop --experiment`: a new model is tried on visitors, and they decide."""

from __future__ import annotations

import copy
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.experiments.made import sessions_of
from tests.harper_places import fake_place
from tests.pipeline.test_loop import Learner, learner_of
from tests.visitors import visit
from training.config import ExperimentConfig
from training.experiments.row import from_row
from training.pipeline.folders import Folders
from training.pipeline.loop import (
    BEGUN,
    DEPLOYED,
    FAILED,
    LOOK,
    PROMOTED,
    RUNNING,
    WITHDRAWN,
)
from training.pipeline.rounds import rounds

pytestmark = pytest.mark.slow

CONFIG = ExperimentConfig(share=0.5, least_sessions=150, margin=0.1)


def come(learner: Learner, sessions: int, rates: dict[str, float]) -> None:
    """Sessions take part in the running experiment."""
    [row] = [row for row in learner.place.rows("current") if row["id"] == "experiment"]
    began = int(time.time() - 3_600) * 1_000
    rows = sessions_of(
        from_row(row["experiment"]), sessions, rates, nodes=(f"node-{sessions}",), began=began
    )
    learner.place.target.client.upsert(learner.place.domain.database, "events", rows)


@dataclass(frozen=True)
class Begun:
    """An experiment that has begun, after the nodes had refused its challenger once."""

    learner: Learner
    tables: dict[tuple[str, str], dict[str, Any]]
    first: dict[str, Any]
    refused: dict[str, Any]
    begun: dict[str, Any]

    def copied(self, folder: Path) -> Learner:
        """Returns the learner in a folder of its own, with the node's rows of that time."""
        artifacts = folder / "artifacts"
        shutil.copytree(self.learner.folders.artifacts, artifacts)
        place = self.learner.place
        assert place.fake is not None
        place.fake.tables = copy.deepcopy(self.tables)
        folders = replace(self.learner.folders, artifacts=artifacts)
        return Learner(place, replace(self.learner.loop, folders=folders))


@pytest.fixture(scope="module")
def begun(board: Folders, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begun]:
    folder = tmp_path_factory.mktemp("experiment")
    with fake_place(folder) as place:
        assert place.fake is not None
        learner = learner_of(board, folder, place)
        first = learner.run(experiment=CONFIG)
        visit(place, range(250))
        place.fake.refuses_challengers = "out of memory"
        refused = learner.run(experiment=CONFIG)
        place.fake.refuses_challengers = ""
        done = learner.run(experiment=CONFIG)
        yield Begun(learner, copy.deepcopy(place.fake.tables), first, refused, done)


def test_a_challenger_that_the_nodes_refuse_is_a_failed_round(begun: Begun) -> None:
    outcomes = [done["outcome"] for done in rounds(begun.learner.folders.home)]
    assert outcomes == [DEPLOYED, FAILED, BEGUN]  # at first there was no champion
    assert begun.refused["stage"] == "experiment"
    assert "out of memory" in begun.refused["error"]
    assert begun.refused["after"] == begun.first["after"]


@pytest.mark.parametrize(
    ("rates", "outcome"),
    [
        ({"champion": 0.2, "challenger": 0.6}, PROMOTED),
        ({"champion": 0.6, "challenger": 0.2}, WITHDRAWN),
    ],
)
def test_a_new_model_begins_as_a_challenger_and_visitors_decide(
    begun: Begun, tmp_path: Path, rates: dict[str, float], outcome: str
) -> None:
    learner = begun.copied(tmp_path)
    place, done = learner.place, begun.begun
    champion, id_ = begun.first["after"], done["experiment"]["id"]
    assert done["before"] == done["after"] == champion == place.answering()
    assert done["experiment"]["needed"] > 100
    [row] = [row for row in place.rows("current") if row["id"] == "experiment"]
    challenger = row["version"]

    come(learner, 40, rates)
    steps: list[str] = []
    running = learner.run(experiment=CONFIG, step=steps.append)
    assert (running["outcome"], steps) == (RUNNING, ["connect", "collect", LOOK]), running
    assert running["experiment"]["verdict"] == "undecided"
    assert sum(running["experiment"]["sessions"].values()) == 40

    come(learner, 600, rates)
    # A loop without --experiment looks, and leaves the decision to others.
    assert learner.run()["outcome"] == RUNNING
    done = learner.run(experiment=CONFIG)
    assert done["outcome"] == outcome, done
    assert done["reason"].startswith("it is better" if outcome == PROMOTED else "it is worse")
    assert done["experiment"]["id"] == id_
    assert place.answering() == done["after"]
    assert done["after"] == (challenger if outcome == PROMOTED else champion)
    assert "experiment" not in {row["id"] for row in place.rows("current")}
