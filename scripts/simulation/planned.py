"""The same visits without nodes: what all rounds' visitors would send is learned at once.

One training instead of one a round, so that variants can be compared cheaply. Nobody gets an
answer: people and bots send only what they would send without one, their favourites and what they
search for.
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import datetime
from typing import Any

from scripts.simulation import panel
from scripts.simulation.bots import bots_of
from scripts.simulation.people import write_raw
from scripts.simulation.run import Plan, visits_of
from training.domains.event_rules import EventRules
from training.events.schema import table_of
from training.events.store import EventStore
from training.pipeline.folders import Folders
from training.pipeline.stages import STAGES

VARIANTS: dict[str, tuple[float, dict[str, float]]] = {
    "people": (0.0, {}),
    "bots": (0.2, {}),
    "bots, likes of an item not limited": (0.2, {"most_growth": 1e9}),
}
"""By name: the bots' share of all sessions, and other rules than the domain's."""


def learn_at_once(plan: Plan, name: str) -> dict[str, Any]:
    """Trains on a variant's events beside the people of the start, and asks the panel."""
    share, changes = VARIANTS[name]
    rules = EventRules.model_validate(plan.domain.events.model_dump() | changes)
    plan = replace(plan, bots=share, domain=replace(plan.domain, events=rules))
    people = plan.people()
    work = plan.work / name.replace(", ", "-").replace(" ", "-")
    raw = write_raw(plan.domain, plan.raw, people.start, work / "start")
    folders = Folders(plan.domain, raw, work / "artifacts")
    bots = bots_of(plan.rule, people.start)
    now = time.time() * 1000
    rows = [
        {
            "id": f"{visit.session}:{event['id']}",
            "session": visit.session,
            "type": event["type"],
            "item": event["item"],
            "at": _milliseconds(event["at"]),
            "arrived": now,
        }
        for number, arriving in enumerate(people.arriving, start=1)
        for visit, _ in visits_of(plan, people, arriving, number, bots)
        for event in visit.events([], None, now)
    ]
    store = EventStore(folders.home / "events")
    with store.lock():
        store.append(table_of(rows)[0])
    for stage in STAGES.values():
        stage(folders, plan.changes, progress=lambda *_: None)
    answers = panel.ask_all(people, panel.ask_bundle(folders.bundle), threads=1)
    return plan.described(people) | {
        "variant": name,
        "ndcg": round(float(panel.ndcg(people, answers).mean()), 4),
        "panel_with_pushed": round(panel.share_with(bots.pushed, answers), 4),
        "counts": dict(json.loads((folders.prepared / "counts.json").read_text())),
    }


def _milliseconds(at: str) -> float:
    return datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp() * 1000
