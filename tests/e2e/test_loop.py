"""The loop on a real HarperDB: what visitors liked is in the model that answers afterwards."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests import checkerboard
from tests.harper_places import Place
from tests.visitors import LIKES, visit
from training.pipeline.folders import Folders
from training.pipeline.loop import DEPLOYED, UNCHANGED, Loop

pytestmark = pytest.mark.e2e


def test_events_of_a_real_node_become_a_model_that_its_workers_answer_from(
    real_place: Place, board: Folders, tmp_path: Path
) -> None:
    real_place.empty()
    shutil.copytree(board.artifacts, tmp_path / "artifacts")
    loop = Loop(
        Folders(board.domain, board.raw, tmp_path / "artifacts"),
        connect=lambda: real_place.target,
        component=lambda: real_place.component,
        by="tests",
        changes=(*checkerboard.SETTINGS, "evaluate.quick=true"),
    )
    first = loop.run()
    assert first["outcome"] == DEPLOYED, first
    assert loop.run()["outcome"] == UNCHANGED
    visit(real_place, range(250))
    second = loop.run()
    assert second["outcome"] == DEPLOYED, second
    assert second["new_events"] == 250 * LIKES
    assert second["gate"]["people"] >= 20
    favourites = [checkerboard.song_of(item) for item in (0, 2, 4)]
    answer = real_place.ask(*favourites)
    assert answer["model"] == second["after"] != first["after"]
    best = [row["id"] for row in answer["recommendations"]][:5]
    assert [checkerboard.colour_of(id_) for id_ in best] == [0] * 5
