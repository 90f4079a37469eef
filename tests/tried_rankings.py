"""A better and a worse ranking, known as such, and visitors who try them over HTTP.

Everybody likes each of 60 items with a known probability. One model ranks by it; another puts the
best of them after the first 40. The visitors are those of `scripts.simulation`, with its habits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scripts.simulation.crowd import Crowd, Ledger
from scripts.simulation.people import Person
from scripts.simulation.visitor import Habits, Visit, person_visit
from tests.fake_bundle import item_ids, make_bundle
from training.config import ExperimentConfig
from training.events.store import EventStore
from training.experiments.analysis import Look
from training.experiments.row import Experiment
from training.pipeline.collecting import collect_all
from training.pipeline.experiment.end import Place
from training.pipeline.experiment.looking import act_on, take_look

SEED, ITEMS = 7, 60
_FAVOURITES = range(40, ITEMS)
"""Favourites are among the items that hardly anybody else likes, so that no list loses its best."""


def bundle_of(folder: Path, *, misplaced: int) -> Path:
    """Writes a model that puts so many of the best items after the first 40."""
    best = list(range(ITEMS))
    order = best[misplaced:40] + best[:misplaced] + best[40:]
    return make_bundle(folder, seed=SEED, order=order)


def visits_of(count: int, rng: np.random.Generator) -> list[Visit]:
    """Returns visits of new people."""
    ids = item_ids(SEED, ITEMS)
    appeal = 0.5 * np.exp(-np.arange(ITEMS) / 12) + 0.01
    found = []
    for number in range(count):
        favourites = rng.choice(_FAVOURITES, 3, replace=False).tolist()
        liked = np.flatnonzero(rng.random(ITEMS) < appeal).tolist()
        likes = favourites + [item for item in liked if item not in favourites]
        person = Person(f"person-{number}", tuple(ids[item] for item in likes))
        found.append(person_visit(person, Habits(), rng, canonical=str))
    return found


@dataclass
class Trying:
    """Visitors who come until an experiment is decided.

    Attributes:
        place: Where.
        routes: Addresses of the nodes' routes.
        rng: Of the people and what they do.
        batch: Sessions between two looks.
    """

    place: Place
    routes: Sequence[str]
    rng: np.random.Generator
    batch: int = 100
    ledger: Ledger = field(default_factory=Ledger)

    def come(self, sessions: int) -> None:
        """Makes the visits of so many new sessions."""
        crowd = Crowd(self.routes, self.place.folders.domain.project, self.ledger)
        crowd.visit([(visit, True) for visit in visits_of(sessions, self.rng)])

    def look(self, experiment: Experiment) -> Look:
        """Collects and looks."""
        store = EventStore(self.place.folders.events)
        with store.lock():
            collect_all(self.place.target, self.place.folders.domain, store, None)
            return take_look(self.place, experiment, store)

    def until(
        self, experiment: Experiment, is_done: Callable[[Look], object], most: int
    ) -> tuple[Look, int]:
        """Lets sessions come, and looks after each batch, until a look is as wanted.

        Returns:
            The last look, and the number of sessions that took part by then.
        """
        while True:
            self.come(self.batch)
            seen = self.look(experiment)
            sessions = sum(seen.sessions.values())
            if is_done(seen) or sessions >= most:
                return seen, sessions

    def until_decided(self, experiment: Experiment, most: int) -> tuple[str | None, Look, int]:
        """Lets sessions come until the experiment is promoted or withdrawn.

        Returns:
            The outcome, None if it was not decided; the last look; the sessions that took part.
        """
        ended: list[tuple[str, str, list[str]]] = []

        def is_done(seen: Look) -> bool:
            found = act_on(self.place, experiment, seen)
            ended.extend([found] if found else [])
            return bool(ended)

        seen, sessions = self.until(experiment, is_done, most)
        return (ended[0][0] if ended else None), seen, sessions


CONFIG = ExperimentConfig(share=0.5, least_sessions=150, margin=0.05)
