"""Hearing each of a node's workers; the node is a script here, for which one answers is chance."""

from __future__ import annotations

import pytest

from training import nodes
from training.nodes import ASKED_A_WORKER, standing
from training.routes import Health, Node

NODE = Node("db1", "http://127.0.0.1:1", "http://127.0.0.1:2")


def answer(model: str, worker: int, workers: int | None = 2) -> Health:
    return Health(NODE, True, "c0de", model, worker=worker, workers=workers)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[Health]:
    """What the node will say; what is left of it was not asked for."""
    told: list[Health] = []
    monkeypatch.setattr(nodes, "health", lambda node, project: told.pop(0))
    return told


def test_a_worker_that_is_behind_is_found_however_late_it_answers(answers: list[Health]) -> None:
    answers += [answer("new", 1)] * 15 + [answer("old", 2)]
    assert standing(NODE, "songs", "new").state == "behind"


def test_a_node_is_asked_no_more_once_each_worker_answered(answers: list[Health]) -> None:
    answers += [answer("new", 1), answer("new", 1), answer("new", 2), answer("old", 3)]
    assert standing(NODE, "songs", "new").answers
    assert answers == [answer("old", 3)]


def test_the_first_answer_that_is_not_so_ends_it(answers: list[Health]) -> None:
    answers += [Health(NODE, reason="away"), answer("new", 1)]
    found = standing(NODE, "songs", "new")
    assert (found.state, found.reason, len(answers)) == ("down", "away", 1)


@pytest.mark.parametrize("workers", [4, None])
def test_a_proxy_that_leads_to_one_worker_is_not_asked_for_ever(
    answers: list[Health], workers: int | None
) -> None:
    answers += [answer("new", 1, workers)] * 100
    assert standing(NODE, "songs", "new").answers
    assert 100 - len(answers) == ASKED_A_WORKER * (workers or nodes.WORKERS_SUPPOSED)
