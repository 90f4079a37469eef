"""A published evaluation protocol: the held-out users, what they show, and published results."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """A published result of a method.

    Attributes:
        method: Its name.
        scores: By metric, as in `training.evaluation.benchmark.METRICS`; one that the source does
            not state, or that we could not check, is left out.
        source: Where it was published.
    """

    method: str
    scores: dict[str, float]
    source: str


@dataclass(frozen=True)
class Protocol:
    """How to split, and what to print beside our own numbers.

    Attributes:
        name: For the command line.
        title: For people.
        source: Who described it.
        min_likers: Least likers per item; items are filtered first, and once.
        min_liked: Least liked items per user.
        held_out: Users held out for validation, and as many again for test.
        kept_back: Share, 0..1, of a held-out user's items that are the targets.
        seed: Of the legacy generator `numpy.random.RandomState`, which the published split used.
        shape: Users and items of the data that the published numbers are about.
        published: The numbers.
    """

    name: str
    title: str
    source: str
    min_likers: int
    min_liked: int
    held_out: int
    kept_back: float
    seed: int
    shape: tuple[int, int]
    published: tuple[Published, ...]
