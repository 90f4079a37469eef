"""Sends the probes of a bundle to a deployed route and compares its answers with Python's."""

from __future__ import annotations

import math
from typing import Any

from training.bundle import PROBE_ANSWERS, probe_difference


def request_body(probe: dict[str, Any]) -> dict[str, Any]:
    """Returns the request body of a probe for a deployed route."""
    return {
        "favourites": probe["favourites"],
        "strategy": probe["strategy"],
        # As many as a probe may hold, so that an extra item is detected.
        "limit": max(len(probe["items"]), PROBE_ANSWERS),
    }


def difference(probe: dict[str, Any], answer: dict[str, Any]) -> str | None:
    """Returns how an answer differs from Python's, in one line; None if it does not.

    Args:
        probe: ``{"strategy", "favourites", "items", "scores"}``.
        answer: What ``POST …/recommend`` answered.
    """
    got = [
        (str(row.get("id")), float(row.get("score", math.nan)))
        for row in answer.get("recommendations", [])
    ]
    found = probe_difference(probe["items"], probe["scores"], got)
    return found and f"{found}, for {probe['favourites']}"
