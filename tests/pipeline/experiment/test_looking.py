"""Looks at running experiments, and what they lead to."""

from __future__ import annotations

import time

import pytest

from tests.experiments.made import sessions_of
from tests.experiments.test_guards import text
from tests.pipeline.experiment.conftest import Site
from training.config import ExperimentConfig
from training.errors import HarperError
from training.events.store import EventStore
from training.experiments.row import Experiment
from training.pipeline.collecting import collect_all
from training.pipeline.experiment import stories
from training.pipeline.experiment.looking import act_on, guard, take_look
from training.pipeline.experiment.publish import content, thinned
from training.pipeline.experiment.start import start

CONFIG = ExperimentConfig(least_sessions=300, margin=0.05)


def look_after(site: Site, experiment: Experiment, sessions: int, rates: dict[str, float]):
    began = int(time.time() - 3_600) * 1_000
    # From a node each: a node's events arrive in order.
    nodes = (f"node-{sessions}",)
    rows = sessions_of(experiment, sessions, rates, nodes=nodes, seed=sessions, began=began)
    site.server.target.client.upsert(site.server.domain.database, "events", rows)
    store = EventStore(site.place.folders.events)
    with store.lock():
        collect_all(site.place.target, site.place.folders.domain, store, None)
        return take_look(site.place, experiment, store)


def begun(site: Site) -> Experiment:
    return start(site.place, site.request(config=CONFIG)).experiment


@pytest.mark.parametrize(
    ("rates", "outcome", "answering"),
    [
        ({"champion": 0.3, "challenger": 0.6}, "promoted", "challenger"),
        ({"champion": 0.6, "challenger": 0.3}, "withdrawn", "champion"),
    ],
)
def test_looks_lead_to_a_decision_that_is_carried_out(site: Site, rates, outcome, answering):
    experiment = begun(site)
    first = look_after(site, experiment, 60, rates)
    assert act_on(site.place, experiment, first) is None
    shown = site.current_rows()["experiments"]["experiments"]["running"]["looks"]
    assert [look["verdict"] for look in shown] == ["undecided"]
    seen = look_after(site, experiment, 900, rates)
    ended = act_on(site.place, experiment, seen)
    assert ended is not None
    assert ended[0] == outcome
    assert site.server.answering() == getattr(site, answering)
    [story] = site.current_rows()["experiments"]["experiments"]["ended"]
    assert story["outcome"] == outcome
    assert [look["verdict"] for look in story["looks"]] == ["undecided", seen.verdict]
    [known] = stories.stories(site.place.folders.home)
    assert known.looks[-1]["rates"]["champion"]["like"] == pytest.approx(rates["champion"], abs=0.1)


def test_a_challenger_that_fails_is_withdrawn_without_a_look(site: Site):
    experiment = begun(site)
    assert guard(site.place) is None
    counts = text({"challenger": 100, "champion": 900}, {"challenger": 9})
    site.server.fake.metrics = counts.replace("4f1c9a02", experiment.id)
    found = guard(site.place)
    assert found is not None
    assert found[1] == "9 of 109 computations with the challenger failed (champion: 0 of 900)"
    assert site.server.answering() == site.champion
    assert guard(site.place) is None
    [story] = stories.stories(site.place.folders.home)
    assert story.ended["outcome"] == "withdrawn"


def test_a_guard_waits_for_the_lock(site: Site):
    experiment = begun(site)
    counts = text({"challenger": 100, "champion": 900}, {"challenger": 9})
    site.server.fake.metrics = counts.replace("4f1c9a02", experiment.id)
    seen: list[str] = []

    def meanwhile(step: str) -> None:
        if step == "decide" and not seen:
            seen.append(step)
            with pytest.raises(HarperError, match="another deploy is running"):
                guard(site.place)

    guard(site.stepping(meanwhile))
    assert seen


def test_many_looks_are_thinned_and_the_latest_stays():
    looks = [{"at": number} for number in range(1_000)]
    kept = thinned(looks, 200)
    assert (len(kept), kept[0], kept[-1]) == (200, looks[0], looks[-1])
    assert thinned(looks[:5], 200) == looks[:5]


def test_what_nodes_show_is_bounded(site: Site):
    start(site.place, site.request())
    [story] = stories.stories(site.place.folders.home)
    story.looks = [{"at": "x", "verdict": "undecided", "note": "n" * 400}] * 300
    ended = [
        stories.Story(
            f"{number:08x}", story.began, story.looks, {},
            {"at": str(number), "outcome": "withdrawn", "reason": "r" * 400},
        )
        for number in range(30)
    ]  # fmt: skip
    shown = content([*ended, story], story.id)
    assert (len(shown["ended"]), len(shown["running"]["looks"])) == (20, 200)
    assert shown["ended"][0]["ended"] == "29"
    assert len(shown["ended"][0]["reason"]) == 300
    assert len(shown["running"]["looks"][0]["note"]) == 300
    assert content([*ended, story], None)["running"] is None
