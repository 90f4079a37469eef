"""Events and sessions as the server expects them; see docs/events.md."""

from __future__ import annotations

import secrets
from datetime import datetime, timezone

from harperdb_recommender.answers import Event


def new_session() -> str:
    """Returns a random token for a visitor: one for each tab or run, never for a person."""
    return secrets.token_urlsafe(16)


def new_event(
    type: str,
    *,
    item: str | None = None,
    answer: str | None = None,
    position: int | None = None,
    at: datetime | None = None,
) -> Event:
    """Makes an event with an id of its own, so that sending it twice stores it once.

    Args:
        type: A type of the domain, such as ``click``.
        item: The item's id.
        answer: `Recommendations.answer` that the event is about.
        position: Place in that answer, from 1.
        at: When it happened; now by default.
    """
    moment = (at or datetime.now(timezone.utc)).astimezone(timezone.utc)
    event: Event = {
        "id": secrets.token_urlsafe(12),
        "type": type,
        "at": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    if item is not None:
        event["item"] = item
    if answer is not None:
        event["answer"] = answer
    if position is not None:
        event["position"] = position
    return event
