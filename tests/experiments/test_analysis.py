"""Verdicts and decisions, from events."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.experiments.made import STARTED, made, sessions_of, store_of
from training.config import ExperimentConfig
from training.domains.event_rules import EventRules
from training.errors import ConfigError
from training.experiments.analysis import PROMOTED, WITHDRAWN, decide, look, require_metric
from training.experiments.outcomes import read_outcomes

# Far narrower than the interval of 900 sessions, so that equal variants stay undecided.
CONFIG = ExperimentConfig(least_sessions=300, margin=0.02)
RULES = EventRules()
LATER = "2026-01-01T00:00:00Z"


def seen(tmp_path, experiment, sessions, rates, *, problems=(), config=CONFIG):
    store = store_of(tmp_path, sessions_of(experiment, sessions, rates))
    outcomes = read_outcomes(store, experiment, RULES)
    return look(experiment, outcomes, problems, config, at=STARTED)


@pytest.mark.parametrize(
    ("mode", "share", "rates", "verdict", "outcome"),
    [
        ("split", 0.5, {"champion": 0.3, "challenger": 0.6}, "better", PROMOTED),
        ("split", 0.5, {"champion": 0.6, "challenger": 0.3}, "worse", WITHDRAWN),
        ("interleave", 1.0, {"champion": 0.3, "challenger": 0.6}, "better", PROMOTED),
        ("interleave", 1.0, {"champion": 0.6, "challenger": 0.3}, "worse", WITHDRAWN),
        ("split", 0.5, {"champion": 0.4, "challenger": 0.4}, "undecided", None),
    ],
)
def test_a_better_challenger_is_promoted_and_a_worse_one_withdrawn(
    tmp_path, mode, share, rates, verdict, outcome
):
    experiment = made(mode, share)
    found = seen(tmp_path, experiment, 900, rates)
    assert found.verdict == verdict, found
    decision = decide(found, experiment, CONFIG)
    assert (decision and decision[0]) == outcome
    if decision:
        assert f"it is {verdict}" in decision[1]
        assert "sessions" in decision[1]
    shown = found.shown()
    assert shown["low"] < shown["difference"] < shown["high"]
    assert (shown["champion"] is None) == (mode == "interleave")
    if mode == "split":
        assert shown["champion"] == pytest.approx(rates["champion"], abs=0.08)
        assert found.rates["champion"]["like"] == shown["champion"]


def test_one_that_is_not_worse_by_the_margin_is_promoted_once_enough_sessions_were_seen(tmp_path):
    experiment = made()
    rates = {"champion": 0.4, "challenger": 0.4}
    wide = replace(CONFIG, margin=0.2)
    found = seen(tmp_path, experiment, 900, rates, config=wide)
    assert found.verdict == "not worse"
    outcome, reason = decide(found, experiment, wide) or ("", "")
    assert outcome == PROMOTED
    assert "not worse by 0.2 or more" in reason
    assert decide(found, experiment, replace(wide, least_sessions=1_000)) is None


def test_failed_checks_leave_no_verdict_and_no_decision(tmp_path):
    experiment = made()
    rates = {"champion": 0.6, "challenger": 0.3}
    found = seen(tmp_path, experiment, 900, rates, problems=["node-1 loses events"])
    assert (found.verdict, found.note) == ("not valid", "node-1 loses events")
    assert decide(found, experiment, CONFIG) is None
    outcome, reason = decide(replace(found, at=LATER), experiment, CONFIG) or ("", "")
    assert outcome == WITHDRAWN
    assert reason == "not valid after 14 days: node-1 loses events"


def test_an_undecided_experiment_ends_after_its_longest_duration(tmp_path):
    experiment = made()
    found = seen(tmp_path, experiment, 40, {"champion": 0.4})
    assert (found.verdict, found.note, found.interval) == ("undecided", "too few sessions", None)
    assert found.shown()["difference"] is None
    assert decide(found, experiment, CONFIG) is None
    outcome, reason = decide(replace(found, at=LATER), experiment, CONFIG) or ("", "")
    assert outcome == WITHDRAWN
    assert reason.startswith("undecided after 14 days")


def test_only_successes_can_be_compared():
    for metric in ("success", "like", "click"):
        require_metric(metric, RULES)
    with pytest.raises(ConfigError, match=r"experiment.metric=dislike: there are success, click"):
        require_metric("dislike", RULES)
