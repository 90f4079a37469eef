"""Trials of a challenger: every worker of every node counts; the nodes are scripted."""

from __future__ import annotations

from typing import Any

import pytest

from training.deploy import trials
from training.deploy.trials import await_end, try_experiment
from training.errors import HarperRefused, HarperUnavailable
from training.harper import workers as workers_module
from training.harper.client import HarperClient
from training.harper.cluster import Target
from training.harper.config import HarperConfig
from training.harper.node import Health, Node

ONE, OTHER = (Node(name, "http://127.0.0.1:1", "http://127.0.0.1:2") for name in ("one", "other"))
AT, ID = "2026-11-24T10:00:00.000Z", "4f1c9a02"


@pytest.fixture
def target() -> Target:
    client = HarperClient(HarperConfig("http://127.0.0.1:1", "http://127.0.0.1:2", "x", "y"))
    return Target(client, (ONE, OTHER))


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Health]]:
    """What each node answers, in turn; the last answer is repeated."""
    answers: dict[str, list[Health]] = {}

    def health(node: Node, project: str) -> Health:
        left = answers[node.name]
        return left.pop(0) if len(left) > 1 else left[0]

    monkeypatch.setattr(workers_module, "health", health)
    monkeypatch.setattr(workers_module, "SECOND_TRY_SECONDS", 0)
    monkeypatch.setattr(trials, "STUCK_SECONDS", 0)
    return answers


def worker(state: str | None, number: int = 1, *, at: str = AT, reason: str = "") -> Health:
    report: dict[str, Any] = {"id": ID, "at": at, "state": state, "reason": reason}
    return Health(ONE, True, "c0de", worker=number, workers=2, experiment=report if state else {})


READY = [worker("ready", 1), worker("ready", 2)] * 20


def tried(target: Target) -> list[str]:
    return try_experiment(target, "songs", ID, AT, lambda: None)


def test_every_worker_of_every_node_must_be_ready(target, says):
    says |= {"one": list(READY), "other": [worker("ready", 1), worker("loading", 2), *READY]}
    assert tried(target) == []


@pytest.mark.parametrize("node", ["one", "other"])
@pytest.mark.parametrize("state", ["refused", "suspended"])
def test_one_worker_that_refuses_is_enough_and_its_node_is_named(target, says, node, state):
    refusing = [worker("ready", 1), worker(state, 2, reason="wrong probes")]
    says |= {"one": list(READY), "other": list(READY), node: refusing}
    with pytest.raises(HarperRefused, match=f"{node} refuses experiment {ID}: wrong probes"):
        tried(target)


def test_what_is_reported_of_an_earlier_trial_does_not_count(target, says):
    earlier = [worker("refused", 1, at="before", reason="old")]
    says |= {"one": [*earlier, *READY], "other": list(READY)}
    assert tried(target) == []


def test_older_code_that_reports_no_experiment_is_named_with_the_remedy(target, says):
    says |= {"one": list(READY), "other": [worker(None)]}
    with pytest.raises(HarperRefused, match=r"other did not get .* its code is older, deploy"):
        tried(target)


def test_a_node_that_is_down_is_returned_unless_it_is_the_targets_own(target, says):
    says |= {"one": list(READY), "other": [Health(OTHER, reason="no answer")]}
    assert tried(target) == ["other"]
    says |= {"one": [Health(ONE, reason="no answer")]}
    with pytest.raises(HarperUnavailable):
        tried(target)


def test_an_experiment_has_ended_when_no_worker_reports_it(target, says, monkeypatch):
    over = [worker(None, 1), worker(None, 2)] * 10
    says |= {"one": [*READY[:4], *over], "other": [Health(OTHER, reason="no answer")]}
    assert await_end(target, "songs", ID, lambda: None) == []
    monkeypatch.setattr(trials, "END_SECONDS", 0)
    says |= {"one": list(READY)}
    assert await_end(target, "songs", ID, lambda: None) == ["one"]
