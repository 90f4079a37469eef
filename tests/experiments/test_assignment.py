"""Who sees what: the cases of tests/cases/experiments.json, which JavaScript's tests run too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.experiments.assignment import coins_of, draft, place_of, variant_of
from training.experiments.row import Experiment, Variant, new_experiment

CASES = json.loads((Path(__file__).parents[1] / "cases" / "experiments.json").read_text("utf-8"))


def experiment_of(case: dict[str, object]) -> Experiment:
    made = new_experiment("old", Variant(version="new"))
    return made.model_copy(update={name: case[name] for name in ("mode", "share", "salt")})


@pytest.mark.parametrize("case", CASES["places"])
def test_a_session_stands_where_nodes_place_it(case):
    assert place_of(case["salt"], case["session"]) == case["u"]


@pytest.mark.parametrize("case", CASES["assignments"])
def test_a_session_sees_what_nodes_show_it(case):
    assert variant_of(experiment_of(case), case["session"]) == case["variant"]


@pytest.mark.parametrize("case", CASES["coins"])
def test_the_coins_are_those_of_the_nodes(case):
    coin = coins_of(case["salt"], case["session"], case["favourites"])
    assert "".join(str(int(coin(i))) for i in range(case["rounds"])) == case["coins"]


@pytest.mark.parametrize("case", CASES["drafts"], ids=lambda case: case["case"])
def test_two_rankings_make_the_list_that_nodes_make(case):
    coin = coins_of(case["salt"], case["session"], case["favourites"])
    items, teams = draft(case["champion"], case["challenger"], case["limit"], coin)
    assert items == case["items"]
    assert [int(team) for team in teams] == case["teams"]


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_of_many_sessions_the_share_sees_the_challenger(share):
    experiment = new_experiment("old", Variant(version="new"), share=share)
    seen = [variant_of(experiment, f"session-{i:09}") for i in range(20_000)]
    assert seen.count("challenger") / len(seen) == pytest.approx(share, abs=0.02)
