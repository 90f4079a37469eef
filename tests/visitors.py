"""Visitors of the checkerboard: sessions that like items of one colour, as rows of the table."""

from __future__ import annotations

import time

import numpy as np

from tests.checkerboard import ITEMS, song_of
from tests.events.rows import event_row
from tests.harper_places import Place
from training.harper.client import Row

LIKES = 8


def likes(sessions: range) -> list[Row]:
    """Returns `LIKES` likes of each session, within the last hours, at no regular pace."""
    rows = []
    for session in sessions:
        rng = np.random.default_rng(session)
        own = np.arange(session % 2, ITEMS, 2)
        at = time.time() * 1000 - 7_200_000 + session
        for item in rng.choice(own, LIKES, replace=False):
            at += rng.integers(3_000, 60_000)
            name = f"session-number-{session:04}"
            row = event_row(session=name, item=song_of(item), arrived=int(at), at=float(int(at)))
            rows.append(row)
    return rows


def visit(place: Place, sessions: range) -> int:
    """Stores their events on the node, and returns how many there are."""
    rows = likes(sessions)
    place.target.client.upsert(place.domain.database, "events", rows)
    return len(rows)
