"""The lock: held by one deploy at a time, and never forever."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.harper_places import Place
from training.deploy import lease
from training.deploy.lease import EXPIRES_SECONDS, Clock, Lease
from training.deploy.migration import ensure_lock_table
from training.errors import HarperRefused

DATABASE = "locks_of_tests"


class Ticking:
    """A clock that advances while a caller sleeps, and what happens meanwhile."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.meanwhile: Callable[[], None] = lambda: None

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.meanwhile()


@pytest.fixture
def clock(fake: Place) -> Iterator[Ticking]:
    ensure_lock_table(fake.target.client, DATABASE)
    return Ticking()


def acquire(
    place: Place, clock: Ticking, by: str = "me", wait_seconds: float = 0.0
) -> AbstractContextManager[Lease]:
    return lease.acquire(
        place.target.client,
        DATABASE,
        by,
        settle_seconds=0,
        wait_seconds=wait_seconds,
        clock=Clock(clock.now, clock.sleep),
    )


def rows(place: Place) -> list[dict[str, object]]:
    return place.target.client.every_row(DATABASE, lease.TABLE, "id", ["*"])


def held_elsewhere(place: Place, clock: Ticking, **changes: object) -> dict[str, object]:
    """Leaves a lock held by a process on another machine."""
    with acquire(place, clock, "Ann"):
        pass
    row = rows(place)[0] | {"released": False, "host": "elsewhere", "pid": 1} | changes
    place.target.client.upsert(DATABASE, lease.TABLE, [row])
    return row


def renewing(place: Place, row: dict[str, object]) -> Callable[[], None]:
    """Returns what the holder does repeatedly."""

    def renew() -> None:
        row["renewals"] = int(str(row["renewals"])) + 1
        place.target.client.upsert(DATABASE, lease.TABLE, [row])

    return renew


def test_a_second_deploy_is_refused_and_the_holder_named(fake: Place, clock: Ticking) -> None:
    refused = pytest.raises(HarperRefused, match="another deploy is running: Ann on")
    with acquire(fake, clock, "Ann"), refused, acquire(fake, clock, "Bob"):
        pass


def test_a_released_lock_can_be_acquired_at_once(fake: Place, clock: Ticking) -> None:
    for _ in range(3):
        with acquire(fake, clock):
            pass
    assert len(rows(fake)) == 1
    assert clock.seconds == 1000.0


def test_a_lock_is_released_when_the_work_fails(fake: Place, clock: Ticking) -> None:
    with pytest.raises(ZeroDivisionError), acquire(fake, clock):
        1 / 0  # noqa: B018
    with acquire(fake, clock):
        pass


def test_a_lock_of_another_machine_that_is_not_renewed_expires(fake: Place, clock: Ticking) -> None:
    held_elsewhere(fake, clock)
    with acquire(fake, clock, "Bob"):
        assert clock.seconds >= 1000.0 + EXPIRES_SECONDS


def test_a_lock_of_another_machine_that_is_renewed_is_not_taken_over(
    fake: Place, clock: Ticking
) -> None:
    clock.meanwhile = renewing(fake, held_elsewhere(fake, clock))
    with pytest.raises(HarperRefused, match="running: Ann on elsewhere"), acquire(fake, clock):
        pass
    assert clock.seconds < 1000.0 + EXPIRES_SECONDS


@pytest.mark.parametrize("days", [-1, 1])
def test_setting_the_clock_neither_ends_nor_prolongs_a_lock(
    fake: Place, clock: Ticking, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    row = held_elsewhere(fake, clock)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + days * 86_400)
    clock.meanwhile = renewing(fake, row)
    with pytest.raises(HarperRefused, match="running: Ann"), acquire(fake, clock):
        pass
    clock.meanwhile = lambda: None
    began = clock.seconds
    with acquire(fake, clock):
        assert EXPIRES_SECONDS <= clock.seconds - began < EXPIRES_SECONDS + 2


def test_a_holder_notices_that_its_lock_was_taken_over(fake: Place, clock: Ticking) -> None:
    with acquire(fake, clock, "Ann") as anns:
        fake.target.client.upsert(DATABASE, lease.TABLE, [anns.row | {"host": "elsewhere"}])
        with acquire(fake, clock, "Bob"), pytest.raises(HarperRefused, match="its lock to Bob"):
            anns.check()


def test_a_lock_is_renewed_at_intervals_however_often_it_is_called(
    fake: Place, clock: Ticking
) -> None:
    with acquire(fake, clock) as ours:
        for _ in range(100):
            clock.seconds += 0.2
            ours.renew()
    assert rows(fake)[0]["renewals"] == 1 or rows(fake)[0]["renewals"] == 2


def test_a_waiting_deploy_acquires_the_lock_when_it_is_released(
    fake: Place, clock: Ticking
) -> None:
    row = held_elsewhere(fake, clock)

    def release_late() -> None:
        renewing(fake, row)()
        if clock.seconds > 1030:
            row["released"] = True

    clock.meanwhile = release_late
    with acquire(fake, clock, "Bob", wait_seconds=100):
        assert 1030 < clock.seconds < 1040


def test_the_lock_of_a_process_that_has_ended_is_free_at_once(fake: Place, clock: Ticking) -> None:
    with acquire(fake, clock):
        pass
    [row] = rows(fake)
    old = row | {"released": False, "began": "another beginning of the same pid"}
    fake.target.client.upsert(DATABASE, lease.TABLE, [old])
    with acquire(fake, clock):
        pass
    assert clock.seconds == 1000.0


def test_a_lock_that_could_not_be_released_does_not_block_its_own_process(
    fake: Place, clock: Ticking
) -> None:
    with acquire(fake, clock):
        fake.fake.answers = [(500, "unavailable")]  # the server fails when the lock is released
    assert rows(fake)[0]["released"] is False
    with acquire(fake, clock):
        pass


def test_the_deploy_that_inserts_first_holds_the_lock(fake: Place, clock: Ticking) -> None:
    def rival(body: dict[str, object]) -> None:
        if body["operation"] == "insert":
            fake.fake.before = lambda body: None
            row = {"id": "lock-1", "token": "theirs", "by": "Bob", "host": "b", "renewals": 0}
            fake.fake.tables[DATABASE, lease.TABLE]["lock-1"] = row

    fake.fake.before = rival
    first = pytest.raises(HarperRefused, match="Another deploy acquired the lock first: Bob")
    with first, acquire(fake, clock):
        pass
    assert rows(fake)[0]["token"] == "theirs"
