"""Whose turn it is: one at a time, and nobody's for ever."""

from __future__ import annotations

import pytest

from tests.harper_places import Place
from training.deploy import lease as turn
from training.deploy.install import ensure_turns
from training.errors import HarperRefused

DATABASE = "turns_of_tests"


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(fake: Place) -> Clock:
    ensure_turns(fake.target.client, DATABASE)
    return Clock()


def take(place: Place, clock: Clock, by: str = "me") -> object:
    return turn.take_turn(place.target.client, DATABASE, by, settle_seconds=0, clock=clock)


def rows(place: Place) -> list[dict[str, object]]:
    return place.target.client.every_row(DATABASE, turn.TABLE, "id", ["*"])


def test_a_second_one_is_told_whose_turn_it_is(fake: Place, clock: Clock) -> None:
    told = pytest.raises(HarperRefused, match="at work: Ann on")
    with take(fake, clock, "Ann"), told, take(fake, clock, "Bob"):
        pass


def test_a_turn_given_back_can_be_taken_at_once(fake: Place, clock: Clock) -> None:
    for _ in range(3):
        with take(fake, clock):
            pass
    assert len(rows(fake)) == 1


def test_a_turn_is_given_back_when_the_work_fails(fake: Place, clock: Clock) -> None:
    with pytest.raises(ZeroDivisionError), take(fake, clock):
        1 / 0  # noqa: B018
    with take(fake, clock):
        pass


def test_a_turn_that_is_not_renewed_ends_by_itself(fake: Place, clock: Clock) -> None:
    with take(fake, clock, "Ann") as anns:
        clock.now += turn.LASTS_SECONDS + 1
        with take(fake, clock, "Bob"), pytest.raises(HarperRefused, match="lost its turn to Bob"):
            anns.check()


def test_a_renewed_turn_goes_on(fake: Place, clock: Clock) -> None:
    with take(fake, clock) as ours:
        for _ in range(5):
            clock.now += turn.LASTS_SECONDS / 2
            ours.renew()
        with pytest.raises(HarperRefused), take(fake, clock):
            pass


def test_the_turn_of_a_process_that_is_gone_is_over_at_once(fake: Place, clock: Clock) -> None:
    with take(fake, clock):
        pass
    [row] = rows(fake)
    gone = row | {"until": clock.now + 60, "began": "another beginning of the same pid"}
    fake.target.client.upsert(DATABASE, turn.TABLE, [gone])
    with take(fake, clock):
        pass


def test_a_turn_that_could_not_be_given_back_does_not_stand_in_its_own_way(
    fake: Place, clock: Clock
) -> None:
    with take(fake, clock):
        fake.fake.answers = [(500, "gone")]  # the server is away just when the turn ends
    assert rows(fake)[0]["until"] > clock.now
    with take(fake, clock):
        pass


def test_a_turn_of_another_machine_is_waited_out(fake: Place, clock: Clock) -> None:
    with take(fake, clock):
        pass
    [row] = rows(fake)
    elsewhere = row | {"until": clock.now + 60, "host": "elsewhere", "pid": 1}
    fake.target.client.upsert(DATABASE, turn.TABLE, [elsewhere])
    with pytest.raises(HarperRefused, match="elsewhere"), take(fake, clock):
        pass


def test_whoever_inserts_first_has_it(fake: Place, clock: Clock) -> None:
    def rival(body: dict[str, object]) -> None:
        if body["operation"] == "insert":
            fake.fake.before = lambda body: None
            row = {"id": "turn-1", "token": "theirs", "by": "Bob", "host": "b", "until": 2e9}
            fake.fake.tables[DATABASE, turn.TABLE]["turn-1"] = row

    fake.fake.before = rival
    with pytest.raises(HarperRefused, match="a moment faster: Bob"), take(fake, clock):
        pass
    assert rows(fake)[0]["token"] == "theirs"
