"""What bots like besides the item that they push: the rules by which they look like people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from scripts.simulation.people import Person
from scripts.simulation.visitor import Habits, Visit, bot_visit

POPULAR = 100
"""The rule `popular` picks among so many of the most popular items."""
PUSHED = 200
"""The bots push the item of this place by popularity, from 1: it is in few answers."""
LEAST, MOST = 3, 7
"""How many items a bot likes besides."""

Likes = Callable[[np.random.Generator], list[str]]
"""Returns what one bot likes besides; the first three are its favourites."""


@dataclass(frozen=True)
class Bots:
    """Bots that push an item.

    Attributes:
        pushed: Its id.
        likes: What a bot likes besides.
    """

    pushed: str
    likes: Likes

    def visit(self, habits: Habits, rng: np.random.Generator) -> Visit:
        """Returns the visit of one of them."""
        likes = [item for item in self.likes(rng) if item != self.pushed]
        return bot_visit(self.pushed, likes, habits, rng)


def bots_of(rule: str, people: Sequence[Person]) -> Bots:
    """Returns the bots of a rule of `RULES`, who know what these people like."""
    items = popular_items(people)
    return Bots(items[min(PUSHED, len(items)) - 1], RULES[rule](people, items))


def _popular(people: Sequence[Person], items: Sequence[str]) -> Likes:
    """Some of the most popular items, different ones in each session."""

    def likes(rng: np.random.Generator) -> list[str]:
        count = min(int(rng.integers(LEAST, MOST + 1)), len(items[:POPULAR]))
        return [str(item) for item in rng.choice(items[:POPULAR], count, replace=False)]

    return likes


def _copied(people: Sequence[Person], items: Sequence[str]) -> Likes:
    """What one of the people likes, so that a bot's likes go together as people's do."""
    able = [person.likes for person in people if len(person.likes) >= LEAST]

    def likes(rng: np.random.Generator) -> list[str]:
        copied = able[rng.integers(len(able))]
        return list(copied[: rng.integers(LEAST, MOST + 1)])

    return likes


RULES: dict[str, Callable[[Sequence[Person], Sequence[str]], Likes]] = {
    "popular": _popular,
    "copied": _copied,
}
"""By name, from the people of the start and their items, most popular first."""


def popular_items(people: Sequence[Person]) -> list[str]:
    """Returns the ids of the items that these people like, most popular first."""
    counts = Counter(item for person in people for item in person.likes)
    return sorted(counts, key=lambda item: (-counts[item], item))
