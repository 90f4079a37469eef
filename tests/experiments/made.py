"""Experiments and their events, for tests."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from typing import Any

import numpy as np

from tests.events.rows import NOW_MS, event_row
from training.events.schema import table_of
from training.events.store import EventStore
from training.experiments.assignment import variant_of
from training.experiments.row import CHAMPION, INTERLEAVED, Experiment, Variant, new_experiment

STARTED = datetime.fromtimestamp(NOW_MS / 1000, timezone.utc).isoformat()


def made(mode: str = "split", share: float = 0.5, **challenger: Any) -> Experiment:
    """Returns an experiment that runs since `STARTED`."""
    variant = Variant(version=challenger.pop("version", "new"), **challenger)
    return new_experiment("old", variant, mode=mode, share=share).running(STARTED)


def sessions_of(
    experiment: Experiment,
    count: int,
    rates: dict[str, float],
    *,
    nodes: Sequence[str] = ("node-1",),
    seed: int = 20,
    answers: int = 2,
    began: int = NOW_MS,
) -> list[dict[str, Any]]:
    """Returns the events of new sessions, as nodes store them.

    Args:
        experiment: What they take part in.
        count: Number of sessions.
        rates: Chance that an answer leads to a like, by variant; for interleaved answers, that an
            item of this side does.
        nodes: Who answers.
        seed: Of the chances, and of who sees what, whatever the experiment's salt.
        answers: Answers to each.
        began: When the first may come, ms since 1970; all come within the hour.
    """
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for number in range(count):
        session = _session_of(experiment, sees_challenger=bool(rng.random() < experiment.share))
        node = nodes[number % len(nodes)]
        at = began + 1_000 * int(rng.integers(1, 3_000))
        for turn in range(answers):
            at += int(rng.integers(5_000, 60_000))
            of_answer = {
                "session": session,
                "answer": f"{session[:8]}-{turn}",
                "shown_by": node,
                "node": node,
                "arrived": at,
            }
            variant = variant_of(experiment, session)
            named = {"variant": f"{experiment.id}/{variant}"}
            rows.append(event_row(type="view", item=None, position=10, **named, **of_answer))
            for side in _successes(variant, rates, rng):
                place = int(rng.integers(1, 11))
                named = {"variant": f"{experiment.id}/{side}", "item": f"{side}-{turn}"}
                rows.append(event_row(type="like", position=place, **named, **of_answer))
    return rows


def _session_of(experiment: Experiment, *, sees_challenger: bool) -> str:
    while True:
        session = secrets.token_hex(10)
        if (variant_of(experiment, session) != CHAMPION) == sees_challenger:
            return session


def _successes(variant: str, rates: dict[str, float], rng: np.random.Generator) -> Iterator[str]:
    sides = list(rates) if variant == INTERLEAVED else [variant]
    for side in sides:
        if rng.random() < rates.get(side, rates[CHAMPION]):
            yield side


def store_of(folder: Any, rows: Sequence[dict[str, Any]]) -> EventStore:
    """Returns a store with these events."""
    store = EventStore(folder / "events")
    table, malformed = table_of(rows)
    assert malformed == 0
    with store.lock():
        store.append(table)
    return store
