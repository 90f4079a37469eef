"""Experiments begin and end completely, whatever happens in between."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.fake_bundle import change_manifest
from tests.pipeline.experiment.conftest import Site
from training.config import ExperimentConfig
from training.errors import ConfigError, HarperRefused
from training.experiments.row import Experiment, Variant
from training.pipeline.experiment.end import STEPS as END_STEPS
from training.pipeline.experiment.end import Place, discard_row, end, settled
from training.pipeline.experiment.start import STEPS as START_STEPS
from training.pipeline.experiment.start import start
from training.pipeline.experiment.stories import stories


def outcomes(site: Site) -> list[str | None]:
    return [story.ended.get("outcome") for story in stories(site.place.folders.home)]


def test_a_challenger_is_tried_before_it_runs_and_the_champion_goes_on_answering(site: Site):
    steps: list[str] = []
    done = start(site.stepping(steps.append), site.request(needed=4_000))
    assert tuple(steps) == START_STEPS
    row = site.current_rows()["experiment"]
    assert row["version"] == site.challenger
    assert row["experiment"] == done.experiment.model_dump()
    assert (done.experiment.state, done.experiment.champion.version) == ("running", site.champion)
    assert site.server.answering() == site.champion
    shown = site.current_rows()["experiments"]["experiments"]
    assert shown["running"]["id"] == done.experiment.id
    assert (shown["running"]["metric"], shown["running"]["looks"]) == ("success", [])
    states = [
        record["experiment"]["state"]
        for body in site.server.fake.received
        if body["operation"] == "upsert" and body["table"] == "current"
        for record in body["records"]
        if record["id"] == "experiment"
    ]
    assert states == ["trial", "running"]
    [story] = stories(site.place.folders.home)
    assert (story.began["needed"], story.config) == (4_000, ExperimentConfig())


@pytest.mark.parametrize(
    ("outcome", "answering"), [("promoted", "challenger"), ("withdrawn", "champion")]
)
def test_the_end_leaves_one_model_and_is_written_down(site: Site, outcome, answering):
    experiment = start(site.place, site.request()).experiment
    steps: list[str] = []
    assert end(site.stepping(steps.append), experiment, outcome, "for a reason") == []
    assert tuple(steps) == END_STEPS
    assert "experiment" not in site.current_rows()
    assert site.server.answering() == getattr(site, answering)
    [ended] = site.current_rows()["experiments"]["experiments"]["ended"]
    assert (ended["outcome"], ended["reason"]) == (outcome, "for a reason")
    assert outcomes(site) == [outcome]
    # A model that was never current is not kept.
    assert (site.challenger in site.versions()) == (outcome == "promoted")
    with pytest.raises(HarperRefused, match="has ended meanwhile"):
        end(site.place, experiment, outcome, "again")


def test_promoted_settings_become_the_pointers_defaults(site: Site):
    variant = Variant(version=site.champion, strategy="voters", settings={"diversity": 0.2})
    request = site.request(challenger=variant, bundle=None)
    end(site.place, start(site.place, request).experiment, "promoted", "better")
    pointer = site.current_rows()["current"]
    assert pointer["version"] == site.champion
    assert pointer["defaults"] == {"strategy": "voters", "settings": {"diversity": 0.2}}
    site.server.deploy(site.bundle)
    assert site.current_rows()["current"]["defaults"] is None


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"challenger": Variant(version="gone"), "bundle": None}, ConfigError, "--challenger gone"),
        ({"config": ExperimentConfig(metric="dislike")}, ConfigError, "experiment.metric=dislike"),
        ({"share": 1.0}, ConfigError, "nobody would see the champion"),
    ],
)
def test_a_request_that_is_not_possible_changes_nothing(site: Site, change, error, message):
    with pytest.raises(error, match=message):
        start(site.place, site.request(**change))
    assert "experiment" not in site.current_rows()
    assert outcomes(site) == []


def test_a_strategy_that_the_model_lacks_is_refused_with_those_that_it_has(site: Site):
    variant = Variant(version=site.champion, strategy="magic")
    with pytest.raises(ConfigError, match=r"--strategy magic: model \w+ has voters"):
        start(site.place, site.request(challenger=variant, bundle=None))


def test_a_challenger_that_a_node_refuses_is_removed(site: Site):
    probes = json.loads((site.bundle / "probes.json").read_text())
    probes["probes"][0]["items"].reverse()
    (site.bundle / "probes.json").write_text(json.dumps(probes))
    change_manifest(site.bundle)
    with pytest.raises(HarperRefused, match=r"refuses experiment .*other answers"):
        start(site.place, site.request())
    assert "experiment" not in site.current_rows()
    assert site.versions() == {site.champion}
    assert site.server.answering() == site.champion
    assert outcomes(site) == []


def test_two_experiments_at_once_are_refused(site: Site):
    first = start(site.place, site.request()).experiment
    again = site.request(challenger=Variant(version=site.champion, strategy="voters"), bundle=None)
    with pytest.raises(HarperRefused, match=f"{first.id} is running since .*one at a time"):
        start(site.place, again)
    assert site.current_rows()["experiment"]["experiment"]["id"] == first.id


def test_a_deploy_is_refused_while_one_runs_but_the_same_model_may_be_repaired(site: Site):
    start(site.place, site.request())
    other = site.server.bundle("c")
    with pytest.raises(HarperRefused, match="experiment stop songs --discard"):
        site.server.deploy(other)
    with pytest.raises(HarperRefused, match="has been running since"):
        site.server.deploy(other, force=True)
    assert site.server.deploy(site.server.folder / "a").unchanged
    assert site.challenger in site.versions()


def test_nothing_is_promoted_over_a_rollback(site: Site):
    site.server.deploy(site.server.bundle("c"))
    experiment = start(site.place, site.request()).experiment
    site.place.models.make_current(site.champion, "somebody")
    with pytest.raises(HarperRefused, match="is current, and no longer the champion"):
        end(site.place, experiment, "promoted", "better")
    assert end(site.place, experiment, "discarded", "rolled back") == []
    assert site.server.answering() == site.champion


def test_a_malformed_row_is_named_with_its_remedy_and_can_be_removed(site: Site):
    start(site.place, site.request())
    row = site.current_rows()["experiment"]
    site.server.write("current", row | {"experiment": {"format": 7}})
    with pytest.raises(ConfigError, match="experiment stop DOMAIN --discard"):
        settled(site.place)
    discard_row(site.place)
    assert settled(site.place) is None
    assert outcomes(site) == ["discarded"]


def killed_at(site: Site, step: str, act: Callable[[Place], object]) -> None:
    """Does something in a process that kills itself when a step begins."""

    def die(name: str) -> None:
        if name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    process = multiprocessing.get_context("fork").Process(target=act, args=(site.stepping(die),))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL, f"step {step} was not reached"


@pytest.mark.parametrize("step", START_STEPS)
def test_a_start_that_was_killed_can_be_repeated(site: Site, step: str):
    killed_at(site, step, lambda place: start(place, site.request()))
    assert site.server.answering() == site.champion
    running = settled(site.place)
    if START_STEPS.index(step) > START_STEPS.index("run"):
        assert running is not None
        end(site.place, running, "discarded", "it was interrupted")
    else:
        assert running is None
        assert "experiment" not in site.current_rows()
    experiment = start(site.place, site.request()).experiment
    assert settled(site.place) == experiment
    assert [outcome for outcome in outcomes(site) if outcome is None] == [None]


@pytest.mark.parametrize("outcome", ["promoted", "withdrawn"])
@pytest.mark.parametrize("step", END_STEPS)
def test_an_end_that_was_killed_is_completed_or_can_be_repeated(site: Site, step, outcome):
    experiment = start(site.place, site.request()).experiment
    killed_at(site, step, lambda place: end(place, experiment, outcome, "for a reason"))
    left = settled(site.place)
    if left is not None:
        assert END_STEPS.index(step) <= END_STEPS.index("row")
        end(site.place, left, outcome, "for a reason")
    assert "experiment" not in site.current_rows()
    expected = site.challenger if outcome == "promoted" else site.champion
    assert site.server.answering() == expected
    assert outcomes(site) == [outcome]
    [story] = stories(site.place.folders.home)
    assert story.ended["reason"] == "for a reason"


def test_what_another_deploy_holds_is_not_touched(site: Site):
    experiment = start(site.place, site.request()).experiment
    seen: list[str] = []

    def meanwhile(step: str) -> None:
        if step == "decide":
            with pytest.raises(HarperRefused, match="another deploy is running"):
                end(site.place, experiment, "promoted", "at the same time")
            seen.append(step)

    end(site.stepping(meanwhile), experiment, "withdrawn", "worse")
    assert seen == ["decide"]
    assert outcomes(site) == ["withdrawn"]


def test_an_experiment_keeps_the_settings_that_it_began_with(site: Site):
    config = ExperimentConfig(margin=0.01, least_sessions=200)
    experiment = start(site.place, site.request(config=config)).experiment
    assert isinstance(experiment, Experiment)
    [story] = stories(site.place.folders.home)
    assert story.config == config
    assert replace(story, began={"settings": {"gone": 1}}).config == ExperimentConfig()
