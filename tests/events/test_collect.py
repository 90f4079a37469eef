"""On the fake and on a real HarperDB: each event once, whatever fails meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.events.rows import NOW_MS, event_row
from tests.harper_places import Place
from training.errors import HarperUnavailable
from training.events.collect import OVERLAP_MS, collect, forget_on_node
from training.events.store import EventStore


class Site:
    """A deployed recommender, and the events collected from it."""

    def __init__(self, place: Place, folder: Path) -> None:
        self.place, self.store = place, EventStore(folder / "events")
        place.deploy(place.bundle("a"))

    @property
    def client(self):
        return self.place.target.client

    def put(self, *rows: dict[str, object]) -> None:
        self.client.upsert(self.place.domain.database, "events", list(rows))

    def collect(self, name: str = "asked", **options):
        clients = [(name, self.client)]
        [pulled] = collect(clients, self.place.domain.database, self.store, **options)
        return pulled

    def ids(self) -> list[str]:
        return sorted(
            id_ for batch in self.store.batches(["id"]) for id_ in batch.column("id").to_pylist()
        )


@pytest.fixture
def site(place: Place, tmp_path: Path) -> Site:
    return Site(place, tmp_path)


def test_it_pulls_every_row_of_every_origin_once(site):
    rows = [event_row("node-1", NOW_MS + n) for n in range(25)]
    rows += [event_row("node-10", NOW_MS + n) for n in range(13)]
    rows += [event_row("", NOW_MS), event_row("10.0.0.1", NOW_MS)]
    site.put(*rows)
    pulled = site.collect(page_rows=7)
    assert (pulled.read, pulled.new, pulled.error) == (40, 40, None)
    assert site.ids() == sorted(row["id"] for row in rows)


def test_a_second_run_reads_what_is_new_and_the_overlap(site):
    old, late = event_row(arrived=NOW_MS - 2 * OVERLAP_MS), event_row(arrived=NOW_MS - 60_000)
    first, new = event_row(arrived=NOW_MS), event_row(arrived=NOW_MS + 1)
    site.put(old, first)
    assert site.collect().new == 2
    site.put(late, new)
    pulled = site.collect()
    assert (pulled.read, pulled.new) == (3, 2)
    assert site.collect().new == 0


def test_a_node_whose_clock_is_an_hour_behind_loses_nothing(site):
    site.put(event_row("ahead", NOW_MS + 3_600_000))
    site.collect()
    site.put(event_row("behind", NOW_MS), event_row("ahead", NOW_MS + 3_600_001))
    assert site.collect().new == 2


def test_full_reads_everything_again_and_repeats_nothing(site):
    rows = [event_row(arrived=NOW_MS - n * OVERLAP_MS) for n in range(5)]
    site.put(*rows)
    site.collect()
    pulled = site.collect(full=True)
    assert (pulled.read, pulled.new) == (5, 0)


def test_the_same_events_of_another_node_are_the_same(site):
    site.put(*[event_row() for _ in range(5)])
    site.collect("node-1")
    pulled = site.collect("node-2")
    assert (pulled.read, pulled.new) == (5, 0)
    assert set(site.store.read_state()) == {"node-1", "node-2"}


def test_forgetting_deletes_the_rows_of_one_session(site):
    other = event_row()
    site.put(event_row(session="a-session-of-mine"), event_row(session="a-session-of-mine"), other)
    database = site.place.domain.database
    assert forget_on_node(site.client, database, "a-session-of-mine") == 2
    assert forget_on_node(site.client, database, "a-session-of-mine") == 0
    site.collect()
    assert site.ids() == [other["id"]]


def test_a_node_that_fails_midway_keeps_what_came_and_goes_on_there(fake: Place, tmp_path: Path):
    site = Site(fake, tmp_path)
    rows = [event_row(arrived=NOW_MS + n * OVERLAP_MS) for n in range(10)]
    site.put(*rows)
    assert fake.fake is not None
    pages = 0

    def fail(body: dict[str, object]) -> None:
        nonlocal pages
        pages += body["operation"] == "search_by_conditions"
        if pages == 4:
            fake.fake.answers.append((500, "the node went away"))

    fake.fake.before = fail
    pulled = site.collect(page_rows=3)
    assert pulled.new == 7
    assert pulled.error is not None and "went away" in pulled.error
    fake.fake.before = lambda body: None
    again = site.collect(page_rows=3)
    assert (again.read, again.new, again.error) == (5, 3, None)
    assert site.ids() == sorted(row["id"] for row in rows)


def test_a_node_that_is_down_leaves_the_others_alone(fake: Place, tmp_path: Path):
    site = Site(fake, tmp_path)
    site.put(event_row())

    class Down:
        def operation(self, name: str, **fields: object) -> None:
            raise HarperUnavailable(name, "does not answer")

    clients = [("down", Down()), ("up", site.client)]
    down, up = collect(clients, fake.domain.database, site.store)  # type: ignore[arg-type]
    assert down.error is not None and "does not answer" in down.error
    assert (up.new, up.error) == (1, None)


def test_malformed_rows_are_left_out_and_counted(fake: Place, tmp_path: Path):
    site = Site(fake, tmp_path)
    site.put(event_row(), event_row() | {"at": None})
    pulled = site.collect()
    assert (pulled.read, pulled.new, pulled.malformed) == (2, 1, 1)


def test_memory_is_bounded_by_writing_as_it_goes(fake: Place, tmp_path: Path):
    site = Site(fake, tmp_path)
    site.put(*[event_row(arrived=NOW_MS + n) for n in range(100)])
    site.collect(page_rows=10, flush_rows=20)
    assert len(site.store.files()) == 5
    assert site.store.count() == 100
