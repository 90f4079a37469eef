"""Least privilege: the pushing user does everything but bring code, the reading one reads; no
more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.events.rows import event_row
from tests.fake_bundle import version_of
from tests.harper_places import Place
from tests.sources.shop import Shop, order
from training.bundle import open_bundle
from training.deploy.component import Component
from training.deploy.roles import COLLECTOR, PUSHER, READER, SOURCE, make_users
from training.deploy.rollback import rollback
from training.errors import HarperRefused
from training.events.collect import collect, forget_on_node
from training.events.store import EventStore
from training.experiments.row import Variant
from training.harper.client import HarperClient
from training.pipeline.experiment.end import Place as Experiments
from training.pipeline.experiment.end import end
from training.pipeline.experiment.start import Request, start
from training.pipeline.folders import Folders
from training.sources.pull import pull

pytestmark = pytest.mark.e2e

PASSWORDS = {
    PUSHER: "a pushing password",
    READER: "a reading password",
    COLLECTOR: "a collecting password",
    SOURCE: "a password for tables",
}


@pytest.fixture
def place(real_place: Place, tmp_path: Path) -> Place:
    real_place.folder = tmp_path
    real_place.empty()
    real_place.deploy(real_place.bundle("a"))
    Shop(real_place, tmp_path).put(order(1))
    tables = [("shop", "orders"), ("shop", "nowhere"), ("nowhere", "orders")]
    databases = [real_place.domain.database, "nowhere"]
    make_users(real_place.target.client, databases, PASSWORDS, sources=tables)
    return real_place


def as_user(place: Place, name: str) -> Place:
    config = replace(place.config, username=name, password=PASSWORDS[name])
    return replace(place, config=config)


def test_the_pushing_user_deploys_and_rolls_back_without_being_super_user(place: Place) -> None:
    pusher = as_user(place, PUSHER)
    before, bundle = place.answering(), place.bundle("b")
    outcome = pusher.deploy(bundle)
    assert outcome.is_on_all_nodes
    assert outcome.rows_sent > 0
    assert place.answering() == version_of(bundle)
    rollback(pusher.target, pusher.domain.database, pusher.domain.project, None, by="pusher")
    assert place.answering() == before
    assert pusher.deploy(place.folder / "a").unchanged


def test_the_pushing_user_starts_and_ends_experiments(place: Place, tmp_path: Path) -> None:
    pusher, before = as_user(place, PUSHER), place.answering()
    bundle = open_bundle(place.bundle("b"), "songs")
    site = Experiments(Folders(place.domain, tmp_path, tmp_path / "art"), pusher.target, "pusher")
    request = Request(Variant(version=bundle.version), bundle=bundle, component=place_code(place))
    assert end(site, start(site, request).experiment, "withdrawn", "a trial") == []
    assert place.answering() == before
    assert end(site, start(site, request).experiment, "promoted", "better") == []
    assert place.answering() == bundle.version
    shown = {row["id"]: row for row in place.rows("current")}["experiments"]["experiments"]
    assert [one["outcome"] for one in shown["ended"]] == ["promoted", "withdrawn"]


def place_code(place: Place) -> Callable[[], Component]:
    return lambda: place.component


def test_the_pushing_user_learns_that_code_needs_a_super_user(place: Place) -> None:
    pusher = as_user(place, PUSHER)
    pusher.component = replace(place.component, code="other code")
    with pytest.raises(HarperRefused, match="only a super user may deploy code"):
        pusher.deploy(place.bundle("b"))
    assert place.answering() == version_of(place.folder / "a")


ELSEWHERE = [
    ("deploy_component", {"project": "mine", "payload": ""}),
    ("restart_service", {"service": "http_workers"}),
    ("add_user", {"username": "x", "password": "y", "role": PUSHER, "active": True}),
    ("create_table", {"database": "song_recommender", "table": "x", "primary_key": "id"}),
    ("drop_table", {"database": "song_recommender", "table": "items"}),
    ("drop_database", {"database": "song_recommender"}),
    ("create_database", {"database": "another"}),
    ("set_configuration", {"logging_level": "trace"}),
    ("read_log", {}),
    (
        "search_by_value",
        {
            "database": "system",
            "table": "hdb_user",
            "attribute": "username",
            "value": "*",
            "get_attributes": ["*"],
        },
    ),
]


@pytest.mark.parametrize("user", [PUSHER, READER, COLLECTOR, SOURCE])
@pytest.mark.parametrize(("operation", "fields"), ELSEWHERE, ids=[name for name, _ in ELSEWHERE])
def test_every_user_is_refused_elsewhere(
    place: Place, user: str, operation: str, fields: dict[str, object]
) -> None:
    with pytest.raises(HarperRefused) as caught:
        as_user(place, user).target.client.operation(operation, **fields)
    assert caught.value.status in (401, 403)


def test_the_reading_user_reads_and_writes_nothing(place: Place) -> None:
    reader = as_user(place, READER)
    assert [v.version for v in reader.models.listed()] == [version_of(place.folder / "a")]
    database = place.domain.database
    for table in ("items", "models", "current", "catalogue_digests", "locks"):
        with pytest.raises(HarperRefused) as caught:
            reader.target.client.upsert(database, table, [{"id": "x", "version": "x"}])
        assert caught.value.status == 403
        with pytest.raises(HarperRefused):
            reader.target.client.delete(database, table, ["x"])


def test_making_the_users_again_renews_their_passwords(place: Place) -> None:
    made = make_users(
        place.target.client, [place.domain.database], PASSWORDS | {READER: "another password"}
    )
    assert [m.is_new for m in made] == [False, False, False]
    config = replace(place.config, username=READER, password="another password")
    assert HarperClient(config).operation("user_info")["username"] == READER
    with pytest.raises(HarperRefused, match="Login failed"):
        as_user(place, READER).target.client.operation("user_info")


def test_the_collecting_user_reads_events_and_nothing_else(place: Place, tmp_path: Path) -> None:
    database, row = place.domain.database, event_row()
    place.write("events", row)
    collector = as_user(place, COLLECTOR)
    store = EventStore(tmp_path / "events")
    [pulled] = collect([("node", collector.target.client)], database, store)
    assert (pulled.new, pulled.error) == (1, None)
    for table in ("items", "models", "current", "catalogue", "deploys", "event_keys"):
        with pytest.raises(HarperRefused) as caught:
            collector.rows(table)
        assert caught.value.status == 403
    for change in (
        lambda: collector.write("events", event_row()),
        lambda: forget_on_node(collector.target.client, database, row["session"]),
    ):
        with pytest.raises(HarperRefused) as caught:
            change()
        assert caught.value.status == 403


def test_the_user_for_tables_pulls_them_and_reads_and_writes_nothing_else(
    place: Place, tmp_path: Path
) -> None:
    shop = Shop(place, tmp_path)
    shop.put(order(1))
    shop.make("secrets")
    client = as_user(place, SOURCE).target.client
    assert pull(client, shop.table(), shop.folder).rows == 1
    with pytest.raises(HarperRefused, match=r"may not read it.*sees shop\.orders\. "):
        pull(client, shop.table(table="secrets"), shop.folder)
    for table in ("items", "models", "current", "events"):
        with pytest.raises(HarperRefused) as caught:
            as_user(place, SOURCE).rows(table)
        assert caught.value.status == 403
    for change in (
        lambda: client.upsert("shop", "orders", [order(2)]),
        lambda: client.delete("shop", "orders", ["1"]),
    ):
        with pytest.raises(HarperRefused) as caught:
            change()
        assert caught.value.status == 403


@pytest.mark.parametrize("user", [READER, COLLECTOR, SOURCE])
def test_only_who_deploys_reads_the_keys(place: Place, user: str) -> None:
    with pytest.raises(HarperRefused) as caught:
        as_user(place, user).rows("event_keys")
    assert caught.value.status == 403
    assert as_user(place, PUSHER).rows("event_keys")
