"""`experiment`: starting, looking, stopping; and what `loop --experiment` and `status` say."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.environment import use
from tests.experiments.made import sessions_of
from tests.experiments.test_guards import text
from tests.fake_bundle import make_bundle, version_of
from tests.harper_places import Place, built_component
from training.cli.loop import Forever
from training.config import ExperimentConfig
from training.domains import DOMAINS
from training.experiments.row import from_row
from training.pipeline.folders import Folders
from training.pipeline.loop import RUNNING, Loop
from training.pipeline.rounds import append_round
from training.pipeline.waiting import Waits


@pytest.fixture
def words(fake: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[object, ...]:
    """A fake HarperDB in the environment, with a model; options that name the artifacts."""
    use(fake.config, monkeypatch)
    fake.component = built_component()
    fake.deploy(fake.bundle("a"))
    return ("--artifacts", tmp_path / "artifacts")


def running(fake: Place):
    [row] = [row for row in fake.rows("current") if row["id"] == "experiment"]
    return from_row(row["experiment"])


def test_an_exported_model_is_tried_and_promoted(call, words, fake: Place, tmp_path: Path) -> None:
    champion = fake.answering()
    bundle = make_bundle(tmp_path / "artifacts" / "songs" / "bundle", seed=77)
    code, shown, errors = call(
        "experiment", "start", "songs", "--challenger", version_of(bundle), "--share", 0.2, *words
    )
    assert code == 0, errors
    started, needed = shown.splitlines()
    assert f"runs: split at 20%, {champion} against {version_of(bundle)}" in started
    assert "sessions for a difference of 0.02 (no events, so at most)" in needed
    assert "experiment" in call("status", "songs", *words)[1]
    code, shown, _ = call("experiment", "stop", "songs", "--promote", *words)
    assert code == 0
    assert "promoted" in shown
    assert fake.answering() == version_of(bundle)
    _, shown, _ = call("experiment", "list", "songs", *words)
    assert "promoted" in shown.splitlines()[1]


def test_a_strategy_with_settings_is_looked_at_and_discarded(call, words, fake: Place) -> None:
    code, _, errors = call(
        *("experiment", "start", "songs", "--strategy", "voters", "--set", "diversity=0.2"),
        *("--share", 0.5, "--set", "experiment.margin=0.1", *words),
    )
    assert code == 0, errors
    experiment = running(fake)
    assert experiment.challenger.settings == {"diversity": 0.2}
    began = int(time.time() - 3_600) * 1_000
    rates = {"champion": 0.3, "challenger": 0.7}
    rows = sessions_of(experiment, 400, rates, began=began)
    fake.target.client.upsert(fake.domain.database, "events", rows)
    code, shown, errors = call("experiment", "status", "songs", *words)
    assert code == 0, errors
    assert ": better" in shown
    assert shown.splitlines()[1].split()[:2] == ["variant", "sessions"]
    _, shown, _ = call("experiment", "status", "songs", "--json", *words)
    found = json.loads(shown)
    assert found["look"]["verdict"] == "better"
    assert found["running"]["id"] == experiment.id
    # A look decides nothing.
    assert running(fake) == experiment
    assert f"experiment {experiment.id} running" in call("status", "songs", *words)[1]
    assert call("experiment", "stop", "songs", *words)[0] == 0
    assert "no experiment is running" in call("experiment", "status", "songs", *words)[1]
    assert json.loads(call("experiment", "status", "songs", "--json", *words)[1]) == {
        "running": None
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--set", "diversity=2"), "--set diversity=2: expected a number from 0 to 1"),
        (("--set", "colour=1"), "--set colour=1: a challenger may set diversity and novelty"),
        (("--set", "train.batch=1"), "only settings of the section experiment"),
        (("--mode", "both"), "experiment.mode=both: expected split or interleave"),
        (("--share", "2"), "experiment.share=2"),
        ((), "champion and challenger are the same"),
        (("--challenger", "gone"), "it is neither exported here nor in HarperDB"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(
    call, words, fake: Place, options, message
) -> None:
    code, _, errors = call("experiment", "start", "songs", *options, *words)
    assert code == 1
    assert errors.count("\n") == 1
    assert message in errors
    assert "experiment" not in {row["id"] for row in fake.rows("current")}


def test_a_poor_model_needs_force(call, words, fake: Place, tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "artifacts" / "songs" / "bundle", seed=77, quality=0.05)
    start = ("experiment", "start", "songs", "--challenger", version_of(bundle), *words)
    code, _, errors = call(*start)
    assert code == 1
    assert "does not beat popularity" in errors
    assert call(*start, "--force")[0] == 0
    [stored] = [row for row in fake.rows("models") if row["version"] == version_of(bundle)]
    assert stored["forced"]


def test_nothing_to_stop_is_said(call, words) -> None:
    code, _, errors = call("experiment", "stop", "songs", *words)
    assert code == 1
    assert "none is running for songs" in errors
    assert call("experiment", "stop", "songs", "--promote", "--discard", *words)[0] == 2


def test_experiments_of_all_domains_are_listed(call, words, fake: Place) -> None:
    assert len(call("experiment", "list", *words)[1].splitlines()) == 1
    call("experiment", "start", "songs", "--strategy", "voters", *words)
    _, shown, _ = call("experiment", "list", *words)
    assert shown.splitlines()[1].startswith("songs")
    assert "running" in shown


def test_a_loop_that_waits_withdraws_a_challenger_that_fails(
    call, words, fake: Place, tmp_path: Path
) -> None:
    call("experiment", "start", "songs", "--strategy", "voters", *words)
    folders = Folders(DOMAINS["songs"], tmp_path, tmp_path / "artifacts")
    loop = Loop(
        folders,
        connect=lambda: fake.target,
        component=lambda: fake.component,
        by="tests",
        experiment=ExperimentConfig(),
    )
    forever = Forever({"songs": loop}, Waits(3_600, 300), [])
    forever.due["songs"] = float("inf")
    assert fake.fake is not None
    counts = text({"challenger": 100, "champion": 900}, {"challenger": 9})
    fake.fake.metrics = counts.replace("4f1c9a02", running(fake).id)
    forever.guard()
    assert running(fake)  # the last round did not leave an experiment
    append_round(folders, {"outcome": RUNNING})
    replace_loop(forever, replace(loop, experiment=None))
    forever.guard()
    assert running(fake)  # this loop decides nothing
    replace_loop(forever, loop)
    forever.guard()
    assert "experiment" not in {row["id"] for row in fake.rows("current")}
    assert forever.due["songs"] < float("inf")


def replace_loop(forever: Forever, loop: Loop) -> None:
    forever.loops["songs"] = loop
