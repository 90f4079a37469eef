"""What makes an experiment's sessions unfit for comparison."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from tests.experiments.made import STARTED, made, sessions_of, store_of
from training.domains.event_rules import EventRules
from training.experiments.checks import LEVEL, problems, ratio_probability
from training.experiments.counts import NodeCounts
from training.experiments.outcomes import read_outcomes

NODES = ("node-1", "node-2", "node-3")
RATES = {"champion": 0.4, "challenger": 0.4}


def counted(signed: int, **more: float) -> NodeCounts:
    return NodeCounts(Counter(champion=signed // 2, challenger=signed - signed // 2), **more)


@pytest.fixture
def experiment():
    return made()


def outcomes_of(tmp_path, experiment, rows):
    return read_outcomes(store_of(tmp_path, rows), experiment, EventRules())


def test_sessions_that_are_all_there_pass(tmp_path, experiment):
    rows = sessions_of(experiment, 900, RATES, nodes=NODES)
    outcomes = outcomes_of(tmp_path, experiment, rows)
    # Not every answer is looked at, and not everywhere equally often.
    counts = {node: counted(n) for node, n in zip(NODES, (700, 750, 800), strict=True)}
    assert problems(experiment, outcomes, counts) == []


def test_a_variant_whose_events_are_missing_is_found_on_its_node(tmp_path, experiment):
    rows = [
        row
        for row in sessions_of(experiment, 900, RATES, nodes=NODES)
        if not (row["node"] == "node-2" and row["variant"].endswith("challenger"))
    ]
    found = problems(experiment, outcomes_of(tmp_path, experiment, rows), {})
    assert len(found) == 2
    assert "sessions are challenger, where 50% were to be" in found[0]
    assert found[1].startswith("node-2: 0 of ")


def test_a_node_that_loses_its_events_is_named(tmp_path, experiment):
    rows = sessions_of(experiment, 900, RATES, nodes=NODES)
    kept = [row for row in rows if row["node"] != "node-3" or hash(row["session"]) % 2]
    outcomes = outcomes_of(tmp_path, experiment, kept)
    counts = {node: counted(600) for node in NODES}
    [found] = problems(experiment, outcomes, counts)
    assert found.startswith("node-3 signed 600 answers")
    assert "where the other nodes have 100%: it loses events" in found


def test_a_node_that_was_restarted_proves_nothing_about_the_others(tmp_path, experiment):
    # Half of all answers were looked at; node-1's counters began again.
    rows = sessions_of(experiment, 900, RATES, nodes=NODES)
    outcomes = outcomes_of(tmp_path, experiment, rows)
    restarted = counted(500, worker_started=2e9)
    assert restarted.restarted_since(STARTED)
    counts = {"node-1": restarted, "node-2": counted(1200), "node-3": counted(1200)}
    assert problems(experiment, outcomes, counts) == []
    assert "node-2" in "".join(
        problems(experiment, outcomes, counts | {"node-1": replace(restarted, worker_started=1.0)})
    )


def test_sessions_that_nodes_put_elsewhere_are_a_problem(tmp_path, experiment):
    rows = sessions_of(experiment, 200, RATES)
    for row in rows[:40]:
        side = row["variant"].removeprefix(experiment.id + "/")
        other = "champion" if side == "challenger" else "challenger"
        row["variant"] = f"{experiment.id}/{other}"
    found = problems(experiment, outcomes_of(tmp_path, experiment, rows), {})
    assert "sessions got answers of another variant than their own" in found[0]


def test_the_sample_ratio_check_fails_by_accident_about_as_often_as_its_level_says():
    rng = np.random.default_rng(20)
    seen = rng.binomial(5_000, 0.1, 20_000)
    failed = np.mean([ratio_probability(int(n), 5_000, 0.1) < LEVEL for n in seen])
    assert failed == pytest.approx(LEVEL, abs=0.0007)
    assert ratio_probability(700, 5_000, 0.1) < 1e-9
    assert ratio_probability(3, 20, 0.1) == 1.0
    assert ratio_probability(500, 500, 1.0) == 1.0
