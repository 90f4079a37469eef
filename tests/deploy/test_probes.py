"""Comparing a node's answers with Python's."""

from __future__ import annotations

from typing import Any

import pytest

from training.deploy.probes import difference, request_body

PROBE = {
    "strategy": "voters",
    "favourites": ["x"],
    "items": ["a", "b", "c", "d"],
    "scores": [0.9, 0.8, 0.8, 0.1],
}


def answer(ids: str, scores: list[float]) -> dict[str, Any]:
    pairs = zip(ids, scores, strict=True)
    return {"recommendations": [{"id": i, "score": s} for i, s in pairs]}


def test_a_probe_is_asked_like_a_visitor_asks() -> None:
    assert request_body(PROBE) == {"favourites": ["x"], "strategy": "voters", "limit": 4}


@pytest.mark.parametrize(
    ("ids", "scores"),
    [
        ("abcd", [0.9, 0.8, 0.8, 0.1]),
        ("acbd", [0.9, 0.8, 0.8, 0.1]),
        ("abcd", [0.9004, 0.7996, 0.8, 0.1005]),
    ],
)
def test_the_same_answer_is_the_same_though_ties_swap_and_scores_wobble(
    ids: str, scores: list[float]
) -> None:
    assert difference(PROBE, answer(ids, scores)) is None


@pytest.mark.parametrize(
    ("ids", "scores"),
    [
        ("bacd", [0.9, 0.8, 0.8, 0.1]),
        ("abce", [0.9, 0.8, 0.8, 0.1]),
        ("abcd", [0.9, 0.8, 0.8, 0.102]),
        ("abc", [0.9, 0.8, 0.8]),
        ("abcd", [0.9, 0.8, 0.8, float("nan")]),
    ],
)
def test_another_answer_is_told(ids: str, scores: list[float]) -> None:
    assert difference(PROBE, answer(ids, scores))


def test_a_tie_cut_by_the_last_place_may_show_another_of_the_tied() -> None:
    tied = PROBE | {"scores": [0.9, 0.8, 0.8, 0.8]}
    assert difference(tied, answer("abde", [0.9, 0.8, 0.8, 0.8])) is None
