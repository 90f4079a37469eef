"""Rounds of `loop --experiment`: a new model is tried on visitors, and they decide."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.experiments.made import sessions_of
from tests.harper_places import Place
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


@pytest.mark.parametrize(
    ("rates", "outcome"),
    [
        ({"champion": 0.2, "challenger": 0.6}, PROMOTED),
        ({"champion": 0.6, "challenger": 0.2}, WITHDRAWN),
    ],
)
def test_a_new_model_begins_as_a_challenger_and_visitors_decide(
    board: Folders, tmp_path: Path, fake: Place, rates: dict[str, float], outcome: str
) -> None:
    learner = learner_of(board, tmp_path, fake)
    first = learner.run(experiment=CONFIG)
    assert first["outcome"] == DEPLOYED, first  # there was no champion yet
    visit(fake, range(250))
    begun = learner.run(experiment=CONFIG)
    assert begun["outcome"] == BEGUN, begun
    champion, id_ = first["after"], begun["experiment"]["id"]
    assert begun["before"] == begun["after"] == champion == fake.answering()
    assert begun["experiment"]["needed"] > 100
    [row] = [row for row in fake.rows("current") if row["id"] == "experiment"]
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
    assert fake.answering() == done["after"]
    assert done["after"] == (challenger if outcome == PROMOTED else champion)
    assert "experiment" not in {row["id"] for row in fake.rows("current")}


def test_a_challenger_that_the_nodes_refuse_is_a_failed_round(
    board: Folders, tmp_path: Path, fake: Place
) -> None:
    learner = learner_of(board, tmp_path, fake)
    first = learner.run(experiment=CONFIG)
    visit(fake, range(250))
    assert fake.fake is not None
    fake.fake.refuses_challengers = "out of memory"
    failed = learner.run(experiment=CONFIG)
    assert (failed["outcome"], failed["stage"]) == (FAILED, "experiment")
    assert "out of memory" in failed["error"]
    assert fake.answering() == first["after"]
    fake.fake.refuses_challengers = ""
    assert learner.run(experiment=CONFIG)["outcome"] == BEGUN
    assert [done["outcome"] for done in rounds(learner.folders.home)] == [DEPLOYED, FAILED, BEGUN]
