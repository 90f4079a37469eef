"""On the fake and on a real HarperDB."""

from __future__ import annotations

import base64
import hashlib

import pytest

from tests.harper_places import Place
from training.deploy.event_keys import SPREAD_MS, ensure_event_key

NOW = 1_764_000_000.0
DAY = 86_400.0


@pytest.fixture
def deployed(place: Place) -> Place:
    place.deploy(place.bundle("a"))
    ids = [str(row["id"]) for row in place.rows("event_keys")]
    place.target.client.delete(place.domain.database, "event_keys", ids)
    return place


def ensure(place: Place, time: float) -> str | None:
    client, database = place.target.client, place.domain.database
    return ensure_event_key(client, database, answer_hours=24, clock=lambda: time)


def keys(place: Place) -> dict[str, float]:
    return {str(row["id"]): float(row["signs_from"]) for row in place.rows("event_keys")}


def test_the_first_key_is_used_at_once_and_identified_by_its_digest(deployed):
    made = ensure(deployed, NOW)
    [row] = deployed.rows("event_keys")
    secret = base64.urlsafe_b64decode(row["secret"] + "=")
    assert len(secret) == 32
    assert row["id"] == made == hashlib.sha256(secret).hexdigest()[:8]
    assert row["signs_from"] == NOW * 1000


def test_a_key_lasts_a_month(deployed):
    first = ensure(deployed, NOW)
    assert ensure(deployed, NOW + 29 * DAY) is None
    assert list(keys(deployed)) == [first]


def test_the_next_key_is_used_once_it_is_replicated_and_the_old_one_overlaps(deployed):
    first = ensure(deployed, NOW)
    second = ensure(deployed, NOW + 31 * DAY)
    assert keys(deployed) == {first: NOW * 1000, second: (NOW + 31 * DAY) * 1000 + SPREAD_MS}
    assert ensure(deployed, NOW + 32 * DAY) is None
    assert set(keys(deployed)) == {first, second}
    ensure(deployed, NOW + 33 * DAY)
    assert set(keys(deployed)) == {second}


def test_a_deploy_creates_a_key_and_the_next_one_keeps_it(place):
    place.empty()
    place.deploy(place.bundle("a"))
    before = keys(place)
    assert len(before) == (1 if place.component.answer_hours is not None else 0)
    place.deploy(place.bundle("b"))
    assert keys(place) == before
