"""What a visitor does in one visit, as requests and events; a bot's visit likewise.

A visit needs no network: `Visit` says what to ask, and turns the answer into events. The times are
those of a person: pauses of seconds, never regular.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import numpy as np

from scripts.simulation.people import Person

Event = dict[str, Any]


@dataclass(frozen=True)
class Habits:
    """How visitors behave; each a probability, 0..1, unless stated otherwise.

    Attributes:
        limit: Length of the list that they ask for.
        searches: Most items of their own that they search for in their visit.
        stay: Going on from one place of the list to the next: the position bias.
        like: Liking an item that was seen and is truly theirs.
        search: Adding another item of their own that they search for; the list did not show it.
        mistake: Liking an item that was seen and is not theirs.
        click: Opening the details of an item that was seen and is not theirs.
        dismiss: Dismissing an item that was seen and is not theirs.
        pause: Median pause between two actions, in seconds.
    """

    limit: int = 20
    searches: int = 200
    stay: float = 0.9
    like: float = 0.8
    search: float = 0.7
    mistake: float = 0.01
    click: float = 0.03
    dismiss: float = 0.03
    pause: float = 8.0


@dataclass(frozen=True)
class Visit:
    """One visit.

    Attributes:
        session: The token of the tab.
        favourites: What is asked about.
        limit: Length of the list.
        events: (answer's items, answer's token, now in ms) -> the events, in order of time.
    """

    session: str
    favourites: tuple[str, ...]
    limit: int
    events: Callable[[Sequence[str], str | None, float], list[Event]]


def person_visit(
    person: Person, habits: Habits, rng: np.random.Generator, *, canonical: Callable[[str], str]
) -> Visit:
    """Returns the visit of a person who likes what the data says, mostly."""
    session = _session(rng)

    def events(items: Sequence[str], answer: str | None, now: float) -> list[Event]:
        done: list[Event] = [_like(item) for item in person.favourites]
        seen = _seen(len(items), habits.stay, rng)
        theirs = set(person.others)
        if answer is not None and seen:
            done.append({"type": "view", "answer": answer, "position": seen})
            shown = enumerate(map(canonical, items[:seen]))
            for place, work in shown:
                kind = _reaction(work in theirs, habits, rng)
                if kind is not None:
                    done.append({"type": kind, "answer": answer, "item": items[place]})
                if kind == "like":
                    theirs.discard(work)
        found = [item for item in person.likes if item in theirs and rng.random() < habits.search]
        done += [_like(item) for item in found[: habits.searches]]
        return _timed(done, session, habits.pause, now, rng)

    return Visit(session, person.favourites, habits.limit, events)


def bot_visit(pushed: str, liked: Sequence[str], habits: Habits, rng: np.random.Generator) -> Visit:
    """Returns the visit of a bot that pushes an item.

    It behaves as a person as far as it can: at a person's pace, with some items as favourites. It
    likes the pushed item wherever it meets it, else as if it had searched for it.

    Args:
        pushed: Id of the item.
        liked: Ids of what it likes besides; the first three are what it asks about.
        habits: How visitors behave.
        rng: Draws the session and the pauses.
    """
    session = _session(rng)

    def events(items: Sequence[str], answer: str | None, now: float) -> list[Event]:
        done: list[Event] = [_like(item) for item in liked]
        if answer is not None and pushed in items:
            done.append({"type": "view", "answer": answer, "position": items.index(pushed) + 1})
            done.append({"type": "like", "answer": answer, "item": pushed})
        else:
            done.append(_like(pushed))
        return _timed(done, session, habits.pause, now, rng)

    return Visit(session, tuple(liked[:3]), habits.limit, events)


def _session(rng: np.random.Generator) -> str:
    return rng.bytes(12).hex()


def _like(item: str) -> Event:
    return {"type": "like", "item": item}


def _seen(shown: int, stay: float, rng: np.random.Generator) -> int:
    """Returns down to which place, from 1, the list is read; 0 if there is none."""
    return min(shown, int(rng.geometric(1 - stay)))


def _reaction(is_theirs: bool, habits: Habits, rng: np.random.Generator) -> str | None:
    chance = rng.random()
    if is_theirs:
        return "like" if chance < habits.like else None
    for kind, probability in (
        ("like", habits.mistake),
        ("click", habits.click),
        ("dislike", habits.dismiss),
    ):
        if chance < probability:
            return kind
        chance -= probability
    return None


def _timed(
    events: list[Event], session: str, pause: float, now: float, rng: np.random.Generator
) -> list[Event]:
    """Returns the events with ids and times: the visit ended within the last ten minutes."""
    pauses = rng.lognormal(np.log(pause), 0.8, len(events)) * 1000
    at = now - rng.uniform(0, 600_000) - pauses.sum() + pauses.cumsum()
    return [
        event | {"id": f"{session[:12]}-{number:04}", "at": _iso(moment)}
        for number, (event, moment) in enumerate(zip(events, at.tolist(), strict=True))
    ]


def _iso(milliseconds: float) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
