"""A small simulation: the loop learns from visitors while nodes are killed and a clock is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.simulation import nodes
from scripts.simulation.run import Plan, simulate
from tests.harper_places import built_component, free_ports
from training.cli.console import DATASETS
from training.domains import DOMAINS

pytestmark = pytest.mark.e2e

SMALL = (
    "evaluate.quick=true",
    "evaluate.max_users=100",
    "model.dim=8",
    "train.max_steps=60",
    "train.eval_every=30",
    "items.epochs=3",
    "export.strategies=items",
)


def test_the_panel_is_served_better_and_no_event_is_lost_or_counted_twice(tmp_path: Path) -> None:
    plan = Plan(
        DOMAINS["songs"],
        DATASETS / "songs" / "sample",
        tmp_path,
        rounds=1,
        panel=100,
        most=700,
        kills=(1,),
        changes=SMALL,
    )
    [operations, routes, replication] = free_ports("127.0.0.1", 3)
    members = nodes.two_nodes(tmp_path / "nodes", (operations, routes, replication))
    component = built_component()
    with nodes.running(members) as target:
        found = simulate(plan, members, target, lambda: component, lambda text: None)
    before, after = found["rounds"]
    assert after["outcome"] == "deployed", after
    assert after["ndcg"] > before["ndcg"]
    assert after["kills"] == 2
    events = found["events"]
    assert events["clocks_ahead_minutes"] == {"127.0.0.2": 0, "127.0.0.3": 60}
    assert events["accepted"] > 3_000
    assert (events["lost"], events["twice"], events["refused"]) == (0, 0, 0)
    assert events["resent"] > 0
