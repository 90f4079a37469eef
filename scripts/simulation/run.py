"""The rounds of a simulation: visitors come, the loop learns, the panel is asked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scripts.simulation import nodes, panel
from scripts.simulation.bots import Bots, bots_of
from scripts.simulation.crowd import Crowd, Ledger
from scripts.simulation.people import People, Person, divide, write_raw
from scripts.simulation.visitor import Habits, Visit, person_visit
from training.bundle import open_bundle
from training.deploy.component import Component
from training.deploy.deploy import deploy
from training.domains.domain import Domain
from training.events.collect import clients_of, collect
from training.events.store import EventStore
from training.harper.cluster import Target
from training.harper.local.node import LocalNode
from training.pipeline import deployed
from training.pipeline.folders import Folders
from training.pipeline.loop import FAILED, REFUSED, Loop
from training.pipeline.stages import STAGES


@dataclass(frozen=True)
class Plan:
    """What is simulated.

    Attributes:
        domain: The domain.
        raw: Folder with everybody's data.
        work: Where everything is written.
        rounds: Rounds of visitors.
        start: Share of the people who are in the data from the start, 0..1.
        panel: Number of people on the panel.
        bots: Share of all sessions that are bots', 0..1.
        rule: What makes bots look like people: a name of `scripts.simulation.bots.RULES`.
        kills: Rounds, from 1, in which each node is killed once and returns.
        seed: Of all random choices.
        most: Most people that are taken of the data; None: everybody.
        habits: How visitors behave.
        changes: Settings of the loop.
    """

    domain: Domain
    raw: Path
    work: Path
    rounds: int = 5
    start: float = 0.3
    panel: int = 600
    bots: float = 0.0
    rule: str = "popular"
    kills: tuple[int, ...] = (2,)
    seed: int = 20
    most: int | None = None
    habits: Habits = field(default_factory=Habits)
    changes: tuple[str, ...] = ("evaluate.quick=true",)

    def described(self, people: People) -> dict[str, Any]:
        """Returns the conditions under which figures were measured, as JSON."""
        return {
            "measured": datetime.now(timezone.utc).date().isoformat(),
            "domain": self.domain.name,
            "data": self.domain.data_name,
            "people": {
                "panel": len(people.panel),
                "start": len(people.start),
                "arriving": sum(map(len, people.arriving)),
            },
            "bots": self.bots,
            "rule": self.rule,
            "seed": self.seed,
            "changes": list(self.changes),
        }

    def people(self) -> People:
        """Returns who is on the panel, in the data and among the visitors."""
        return divide(
            self.domain,
            self.raw,
            rounds=self.rounds,
            start=self.start,
            panel=self.panel,
            seed=self.seed,
            most=self.most,
        )


def simulate(
    plan: Plan,
    members: list[LocalNode],
    target: Target,
    component: Callable[[], Component],
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Runs the rounds on running nodes that hold no model yet.

    Returns:
        The figures, as JSON: one entry a round, the first for the model before any visitor came.
    """
    people = plan.people()
    raw = write_raw(plan.domain, plan.raw, people.start, plan.work / "start")
    folders = Folders(plan.domain, raw, plan.work / "artifacts")
    loop = Loop(
        folders,
        connect=lambda: target,
        component=component,
        by="simulation",
        least_events=1,
        changes=plan.changes,
    )
    bots = bots_of(plan.rule, people.start)
    ledger = Ledger()
    rounds = [_learn(loop, people, members, bots.pushed)]
    say(_before(rounds[0], len(people.start), len(people.panel)))
    nodes.wait_until_signing(members, plan.domain.project)
    for number, arriving in enumerate(people.arriving, start=1):
        visits = visits_of(plan, people, arriving, number, bots)
        routes = [node.routes_url for node in members]
        crowd = Crowd(routes, plan.domain.project, ledger, followed=bots.pushed)
        before = (ledger.answers, ledger.with_item, len(ledger.accepted))
        began = time.monotonic()
        is_killing = number in plan.kills
        crowd.visit(
            visits,
            [lambda node=node: nodes.kill_and_return(node) for node in members]
            if is_killing
            else (),
        )
        counted = {
            "people": len(arriving),
            "bots": len(visits) - len(arriving),
            "kills": len(members) if is_killing else 0,
            "accepted": len(ledger.accepted) - before[2],
            "answers": ledger.answers - before[0],
            "answers_with_pushed": ledger.with_item - before[1],
            "visiting_seconds": round(time.monotonic() - began, 1),
        }
        rounds.append(counted | _learn(loop, people, members, bots.pushed))
        say(_after(number, rounds[-1], rounds[0]["ndcg"]))
    return plan.described(people) | {
        "rounds": rounds,
        "events": audit(ledger, folders, target),
    }


def _learn(
    loop: Loop,
    people: People,
    members: list[LocalNode],
    pushed: str,
) -> dict[str, Any]:
    """Runs a round of the loop and asks the panel."""
    done = loop.run()
    if done["outcome"] == FAILED:
        raise RuntimeError(f"{done['stage']}: {done['error']}")
    if done["outcome"] == REFUSED and done["before"] is None:
        _force(loop)
        done = done | {"outcome": "deployed by force"}
    answers = panel.ask_all(
        people, panel.ask_node(members[0].routes_url, loop.folders.domain.project)
    )
    each = panel.ndcg(people, answers)
    return {
        "outcome": done["outcome"],
        "new_events": done["new_events"],
        "ndcg": round(float(each.mean()), 4),
        "standard_error": round(float(each.std(ddof=1) / np.sqrt(len(each))), 4),
        "panel_with_pushed": round(panel.share_with(pushed, answers), 4),
        "objections": done.get("objections", []),
        "loop_seconds": done["seconds"]["all"],
        "counts": dict(json.loads((loop.folders.prepared / "counts.json").read_text())),
    }


def _force(loop: Loop) -> None:
    """Deploys what the gate refused, as an operator does who has nothing better yet."""
    folders, target = loop.folders, loop.connect()
    bundle = open_bundle(folders.bundle, folders.domain.name)
    code = loop.component()
    done = deploy(target, folders.domain.database, bundle, code, by=loop.by, force=True)
    deployed.keep(folders, done.version)


def _before(figures: dict[str, Any], people: int, panel: int) -> str:
    return (
        f"before: learned from {people:,} people; NDCG@20 on a panel of {panel:,}: "
        f"{figures['ndcg']:.4f} (standard error {figures['standard_error']:.4f})"
    )


def _after(number: int, figures: dict[str, Any], before: float) -> str:
    bots = f" and {figures['bots']:,} bots" if figures["bots"] else ""
    return (
        f"after round {number}: {figures['people']:,} visitors{bots}, {figures['accepted']:,} "
        f"events, {figures['outcome']}; NDCG@20 {figures['ndcg']:.4f} "
        f"({figures['ndcg'] / before - 1:+.1%})"
    )


def visits_of(
    plan: Plan,
    people: People,
    arriving: Sequence[Person],
    number: int,
    bots: Bots,
) -> list[tuple[Visit, bool]]:
    """Returns a round's visits in random order; people behave alike with and without bots."""
    visits = [
        (
            person_visit(
                person,
                plan.habits,
                np.random.default_rng([plan.seed, 2, number, place]),
                canonical=people.canonical,
            ),
            True,
        )
        for place, person in enumerate(arriving)
    ]
    count = round(len(arriving) * plan.bots / (1 - plan.bots))
    visits += [
        (bots.visit(plan.habits, np.random.default_rng([plan.seed, 3, number, place])), False)
        for place in range(count)
    ]
    order = np.random.default_rng([plan.seed, 4, number]).permutation(len(visits))
    return [visits[i] for i in order]


def audit(ledger: Ledger, folders: Folders, target: Target) -> dict[str, Any]:
    """Compares what was accepted with what was collected, and the nodes' clocks with ours."""
    store = EventStore(folders.home / "events")
    with store.lock():
        pulled = collect(clients_of(target, target.client.config), folders.domain.database, store)
    if any(one.error for one in pulled):
        raise RuntimeError(f"a node cannot be read: {pulled}")
    rows = pd.concat(batch.to_pandas() for batch in store.batches(["id", "node", "at", "arrived"]))
    ids = rows["id"].tolist()
    # Some visit has just ended, by our clock, when its events arrive.
    ahead = (rows["arrived"] - rows["at"]).groupby(rows["node"]).min().dt.total_seconds() / 60
    return {
        "clocks_ahead_minutes": {node: round(minutes) for node, minutes in ahead.items()},
        "accepted": len(ledger.accepted),
        "collected": len(ids),
        "lost": len(ledger.accepted - set(ids)),
        "twice": len(ids) - len(set(ids)),
        "refused": ledger.refused,
        "resent": ledger.resent,
    }


def full_history(plan: Plan) -> dict[str, Any]:
    """Trains on everybody's full history, apart from the panel, and asks the panel."""
    people = plan.people()
    everybody = [*people.start, *(one for arriving in people.arriving for one in arriving)]
    raw = write_raw(plan.domain, plan.raw, everybody, plan.work / "everybody")
    folders = Folders(plan.domain, raw, plan.work / "artifacts-of-everybody")
    for stage in STAGES.values():
        stage(folders, plan.changes, progress=lambda *_: None)
    answers = panel.ask_all(people, panel.ask_bundle(folders.bundle), threads=1)
    each = panel.ndcg(people, answers)
    return {"ndcg": round(float(each.mean()), 4), "people": len(everybody)}
