"""Who sees what: computed from the session, as every node does. See docs/experiments.md."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

from training.experiments.row import CHALLENGER, CHAMPION, INTERLEAVED, SPLIT, Experiment

_BYTES = 6


def place_of(salt: str, session: str) -> float:
    """Returns where a session stands, uniform in [0, 1) over sessions."""
    digest = hashlib.sha256(f"{salt}\0{session}".encode()).digest()
    return int.from_bytes(digest[:_BYTES], "big") / 2.0 ** (8 * _BYTES)


def variant_of(experiment: Experiment, session: str) -> str:
    """Returns what a session sees: `CHAMPION`, `CHALLENGER` or `INTERLEAVED`."""
    if place_of(experiment.salt, session) >= experiment.share:
        return CHAMPION
    return CHALLENGER if experiment.mode == SPLIT else INTERLEAVED


def coins_of(salt: str, session: str, favourites: Sequence[str]) -> Callable[[int], bool]:
    """Returns who picks first in a round, from 0: the challenger, or else the champion."""
    # By UTF-16 code units: JavaScript sorts so.
    question = "\0".join(sorted(favourites, key=lambda id_: id_.encode("utf-16-be")))
    digest = hashlib.sha256(f"{salt}\0draft\0{session}\0{question}".encode()).digest()
    bits = int.from_bytes(digest, "big")
    last = 8 * len(digest) - 1
    return lambda number: bool(bits >> (last - number % (last + 1)) & 1)


def draft(
    champion: Sequence[str], challenger: Sequence[str], limit: int, coin: Callable[[int], bool]
) -> tuple[list[str], list[bool]]:
    """Interleaves two rankings by team draft.

    Args:
        champion: Its items, best first.
        challenger: Its items, best first.
        limit: Most items of the list.
        coin: (number of the round) -> whether the challenger picks first.

    Returns:
        The items, and for each whether the challenger added it.

    Source:
        Radlinski, Kurup & Joachims, "How does clickthrough data reflect retrieval quality?", CIKM
        2008, section 4.2.
    """
    sides = (iter(champion), iter(challenger))
    items: list[str] = []
    teams: list[bool] = []
    for number in range(max(len(champion) + len(challenger), 1)):
        first = coin(number)
        for team in (first, not first):
            item = _next(sides[team], items) if len(items) < limit else None
            if item is not None:
                items.append(item)
                teams.append(team)
    return items, teams


def _next(side: Iterator[str], taken: list[str]) -> str | None:
    return next((item for item in side if item not in taken), None)
