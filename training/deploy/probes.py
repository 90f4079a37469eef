"""Compares a deployed route's answers with those that Python computed."""

from __future__ import annotations

import itertools
from typing import Any

SCORE_TOLERANCE = 1e-3
"""Scores may differ by so much: float16 weights, and sums in another order."""
SWAP_TOLERANCE = 1e-5
"""Neighbours whose scores are so close may stand the other way round."""


def request_body(probe: dict[str, Any]) -> dict[str, Any]:
    """Returns the request that asks a deployed route a probe."""
    return {
        "favourites": probe["favourites"],
        "strategy": probe["strategy"],
        "limit": len(probe["items"]),
    }


def difference(probe: dict[str, Any], answer: dict[str, Any]) -> str | None:
    """Returns how an answer differs from Python's, in one line; None: it does not.

    Args:
        probe: ``{"strategy", "favourites", "items", "scores"}``.
        answer: What ``POST …/recommend`` said.
    """
    got = answer.get("recommendations", [])
    ids, scores = [r.get("id") for r in got], [r.get("score", float("nan")) for r in got]
    items, wanted = probe["items"], probe["scores"]
    if len(ids) != len(items):
        return f"{len(ids)} answers instead of {len(items)} for {probe['favourites']}"
    for place, (one, other) in enumerate(zip(scores, wanted, strict=True)):
        if not abs(one - other) <= SCORE_TOLERANCE:
            return f"score {one} instead of {other} in place {place + 1} for {probe['favourites']}"
    for begin, end in _ties(wanted):
        if sorted(map(str, ids[begin:end])) != sorted(items[begin:end]) and end < len(items):
            return f"{ids[begin:end]} instead of {items[begin:end]} for {probe['favourites']}"
        if end == len(items) and not _same_tail(ids[begin:end], items[begin:end]):
            return f"{ids[begin:end]} instead of {items[begin:end]} for {probe['favourites']}"
    return None


def _ties(scores: list[float]) -> list[tuple[int, int]]:
    """Returns the runs of places whose neighbours are within `SWAP_TOLERANCE`."""
    cuts = [
        place
        for place, (one, other) in enumerate(itertools.pairwise(scores), start=1)
        if abs(one - other) > SWAP_TOLERANCE
    ]
    edges = [0, *cuts, len(scores)]
    return [(begin, end) for begin, end in itertools.pairwise(edges) if end > begin]


def _same_tail(ids: list[str], items: list[str]) -> bool:
    # A tie that the last place cuts in two may show others of the tied; alone it must be the very
    # item.
    return len(items) > 1 or ids == items
