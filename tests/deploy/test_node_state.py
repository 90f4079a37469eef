"""Querying each of a node's workers; the node is scripted, because which one answers is chance."""

from __future__ import annotations

import dataclasses

import pytest

from training.deploy import node_state as module
from training.deploy.node_state import NodeState, check_probes, node_state
from training.errors import HarperRefused, HarperUnavailable
from training.harper import workers as workers_module
from training.harper.node import Health, Node
from training.harper.workers import QUERIES_PER_WORKER

NODE = Node("db1", "http://127.0.0.1:1", "http://127.0.0.1:2")


def answer(model: str, worker: int, workers: int | None = 2) -> Health:
    return Health(NODE, True, "c0de", model, worker=worker, workers=workers)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[Health]:
    """The node's next answers; those that remain were not requested."""
    answers: list[Health] = []
    monkeypatch.setattr(workers_module, "health", lambda node, project: answers.pop(0))
    monkeypatch.setattr(workers_module, "SECOND_TRY_SECONDS", 0)
    return answers


def test_a_worker_that_is_behind_is_found_however_late_it_answers(answers: list[Health]) -> None:
    answers += [answer("new", 1)] * 15 + [answer("old", 2)]
    assert node_state(NODE, "songs", "new").state == "behind"


def test_a_node_is_not_queried_again_once_each_worker_has_answered(answers: list[Health]) -> None:
    answers += [answer("new", 1), answer("new", 1), answer("new", 2), answer("old", 3)]
    assert node_state(NODE, "songs", "new").answers
    assert answers == [answer("old", 3)]


def test_the_first_unexpected_answer_ends_the_queries(answers: list[Health]) -> None:
    answers += [answer("old", 1), answer("new", 2)]
    assert node_state(NODE, "songs", "new").state == "behind"
    assert answers == [answer("new", 2)]


@pytest.mark.parametrize("state", ["answers", "down"])
def test_a_node_is_down_if_it_does_not_answer_twice(answers: list[Health], state: str) -> None:
    silent = Health(NODE, reason="away")
    answers += [silent, silent if state == "down" else answer("new", 1), answer("new", 2)]
    assert node_state(NODE, "songs", "new").state == state


@pytest.mark.parametrize(("retrying", "state"), [(True, "behind"), (False, "refused")])
def test_a_refusal_that_is_retried_is_not_final(
    answers: list[Health], retrying: bool, state: str
) -> None:
    refused = {"version": "new", "reason": "no blob yet", "retrying": retrying}
    answers += [dataclasses.replace(answer("old", 1), refused=refused)]
    found = node_state(NODE, "songs", "new")
    assert (found.state, found.reason) == (state, "no blob yet")


def test_a_worker_that_still_follows_an_earlier_pointer_is_behind(answers: list[Health]) -> None:
    refused = {"version": "damaged", "reason": "no such model", "retrying": True}
    answers += [answer("new", 1), dataclasses.replace(answer("new", 2), refused=refused)]
    assert node_state(NODE, "songs", "new").state == "behind"


def test_a_worker_without_our_routes_is_a_fault_and_not_a_node_that_is_behind(
    answers: list[Health],
) -> None:
    answers += [answer("new", 1), Health(NODE, reachable=True, reason="…/health answers 404")]
    found = node_state(NODE, "songs", "new")
    assert found.state == "missing"
    assert "no routes of songs" in (found.reason or "")


@pytest.mark.parametrize("workers", [4, None])
def test_a_proxy_that_leads_to_one_worker_is_not_queried_for_ever(
    answers: list[Health], workers: int | None
) -> None:
    answers += [answer("new", 1, workers)] * 100
    assert node_state(NODE, "songs", "new").answers
    assert 100 - len(answers) == QUERIES_PER_WORKER * (workers or workers_module.ASSUMED_WORKERS)


PROBE = {"favourites": ["a"], "items": ["b"], "scores": [1.0], "strategy": "voters"}


def states(*names: str) -> list[NodeState]:
    hosts = [Node(name, "http://127.0.0.1:1", "http://127.0.0.1:2") for name in names]
    return [NodeState(node, "answers", answer("new", 1)) for node in hosts]


@pytest.mark.parametrize(
    ("error", "state"),
    [(HarperUnavailable("recommend", "connection reset"), "down"), (None, "refused")],
)
def test_another_node_that_fails_its_probes_is_named_and_the_pointer_stays(
    monkeypatch: pytest.MonkeyPatch, error: Exception | None, state: str
) -> None:
    good = {"model": "new", "recommendations": [{"id": "b", "score": 1.0}]}

    def recommend(node: Node, project: str, question: object) -> object:
        if node.name == "db2" and error:
            raise error
        return good | ({"model": "old"} if node.name == "db2" else {})

    monkeypatch.setattr(module, "recommend", recommend)
    found = check_probes(states("db1", "db2", "db3"), "songs", "new", [PROBE])
    assert [state.state for state in found] == ["answers", state, "answers"]
    assert found[1].reason
    with pytest.raises((HarperRefused, HarperUnavailable)):
        check_probes(states("db2", "db1"), "songs", "new", [PROBE])
