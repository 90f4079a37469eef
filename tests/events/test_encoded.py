"""Collected events with numbers for texts."""

from __future__ import annotations

from datetime import datetime, timezone

import numpy as np

from tests.events.rows import NOW_MS, event_row
from tests.experiments.made import store_of
from training.events.encoded import NO_POSITION, read_encoded

DAY_MS = 86_400_000


def test_texts_are_numbered_alphabetically_whatever_the_order_of_the_files(tmp_path):
    rows = [
        event_row(session="b", item="y", arrived=NOW_MS, position=3, propensity=0.5),
        event_row(session="a", item=None, arrived=NOW_MS - 3 * DAY_MS),
        event_row(session="b", item="x", arrived=NOW_MS + DAY_MS),
    ]
    found = read_encoded(store_of(tmp_path, rows), ["session", "item"])
    assert found.texts["session"].tolist() == ["a", "b"]
    assert found.texts["item"].tolist() == ["x", "y"]
    events = found.events.sort_values("at")
    assert events["session"].tolist() == [0, 1, 1]
    assert events["item"].tolist() == [-1, 1, 0]
    assert events["position"].tolist() == [NO_POSITION, 3, NO_POSITION]
    assert events["explored"].tolist() == [False, True, False]


def test_no_event_happened_after_it_arrived(tmp_path):
    ahead = event_row(arrived=NOW_MS, at=float(NOW_MS + DAY_MS))
    [at] = read_encoded(store_of(tmp_path, [ahead]), ["session"]).events["at"]
    assert at == NOW_MS


def test_only_the_days_that_are_asked_for_are_read(tmp_path):
    rows = [event_row(arrived=NOW_MS - days * DAY_MS) for days in range(5)]
    since = datetime.fromtimestamp(NOW_MS / 1000, timezone.utc).date()
    store = store_of(tmp_path, rows)
    assert len(read_encoded(store, ["session"], since=since).events) == 1
    assert len(read_encoded(store, ["session"]).events) == 5


def test_without_events_there_are_columns(tmp_path):
    found = read_encoded(store_of(tmp_path, []), ["session", "type"])
    assert list(found.events) == ["session", "type", "at", "explored", "position"]
    assert np.array_equal(found.texts["type"], [])
