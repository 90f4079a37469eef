"""Comparing a node's answers with Python's."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from training.bundle import probe_difference
from training.deploy.probes import difference, request_body

CASES = json.loads((Path(__file__).parents[1] / "cases" / "probes.json").read_text("utf-8"))
WORDS = [("count", "answers instead of"), ("twice", "twice"), ("score", "score"), ("item", "item")]
PROBE = {"strategy": "voters", "favourites": ["x"], "items": ["a", "b"], "scores": [0.9, 0.8]}


@pytest.mark.parametrize("case", CASES, ids=[case["what"] for case in CASES])
def test_an_answer_is_compared_by_the_same_rule_as_on_the_nodes(case: dict[str, Any]) -> None:
    got = [(one["id"], math.nan if one["score"] is None else one["score"]) for one in case["got"]]
    found = probe_difference(case["expected"]["items"], case["expected"]["scores"], got)
    if case["difference"] is None:
        assert found is None
    else:
        assert found is not None
        assert next(kind for kind, words in WORDS if words in found) == case["difference"]


def test_a_probe_is_a_visitors_request_for_as_many_items_as_a_probe_may_hold() -> None:
    assert request_body(PROBE) == {"favourites": ["x"], "strategy": "voters", "limit": 10}


def test_a_routes_answer_is_compared_and_the_difference_names_the_favourites() -> None:
    good = {"recommendations": [{"id": "a", "score": 0.9}, {"id": "b", "score": 0.8}]}
    assert difference(PROBE, good) is None
    found = difference(PROBE, {"recommendations": [{"id": "a", "score": 0.9}, {"id": "b"}]})
    assert found == "score nan instead of 0.8 in place 2, for ['x']"
