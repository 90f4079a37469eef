"""Rows as nodes store them, for tests."""

from __future__ import annotations

import itertools
from typing import Any

NOW_MS = 1_764_000_000_000
_number = itertools.count()


def event_row(
    node: str = "node-1", arrived: int = NOW_MS, *, id: str | None = None, **more: Any
) -> dict[str, Any]:
    """Returns a like of one item, unless told otherwise."""
    number = next(_number)
    session = more.pop("session", f"session-{number:08d}")
    from_answer = ("answer", "model", "strategy", "variant", "shown_by", "shown_at", "propensity")
    return (
        {
            "id": id or f"{session}:event-{number:06d}",
            "session": session,
            "type": "like",
            "item": f"item-{number % 7}",
            # As floats: CBOR's whole numbers beyond 32 bits are no numbers to HarperDB.
            "at": float(arrived - 250),
            "shown": None,
            "node": node,
            "arrived": float(arrived),
            "arrival": f"{node}/{arrived:013d}-0-{number}",
        }
        | dict.fromkeys(("position", *from_answer))
        | more
    )
