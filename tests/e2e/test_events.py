"""Events on real HarperDB nodes: stored once, kept by a node that is killed, collected from all."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.fake_bundle import item_ids
from tests.harper_places import Place, built_component, free_ports, wait_for
from training.events.collect import collect
from training.events.store import EventStore
from training.harper import cluster
from training.harper.cluster import client_of
from training.harper.local import cluster as local_cluster
from training.harper.local import server
from training.harper.local.processes import is_alive
from training.harper.local.server import LocalNode

pytestmark = pytest.mark.e2e

SESSION = "a-visitor-of-this-tab"
AT = "2026-11-24T10:00:00.000Z"


def events_of(*events: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"id": uuid.uuid4().hex, "at": AT} | event for event in events]


def likes(count: int) -> list[dict[str, Any]]:
    return events_of(*[{"type": "like", "item": f"item {n}"} for n in range(count)])


def send(
    routes: str,
    events: list[dict[str, Any]],
    session: str = SESSION,
    headers: dict[str, str] | None = None,
    client: requests.Session | None = None,
) -> requests.Response:
    body = {"session": session, "events": events}
    url = f"{routes}/song-recommender/events"
    if client is not None:
        return client.post(url, json=body, headers=headers, timeout=10)
    return requests.post(url, json=body, headers=headers, timeout=10)


def shown(routes: str, session: str = SESSION) -> tuple[str, list[str]]:
    """Asks for recommendations; returns the signed answer and the items."""
    url = f"{routes}/song-recommender/recommend"
    question = {"favourites": item_ids(0)[:2], "session": session}
    received = requests.post(url, json=question, timeout=10).json()
    return received["answer"], [one["id"] for one in received["recommendations"]]


def kill(node: LocalNode) -> None:
    """Ends a node as a power cut of its process would."""
    process = server.running_process(node)
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    wait_for(lambda: not is_alive(process))


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, list[LocalNode]]]:
    """Two nodes that replicate, with a model."""
    folder = tmp_path_factory.mktemp("events")
    operations, routes, replication = free_ports("127.0.0.1", 3)
    members = [
        replace(node, operations_port=operations, routes_port=routes, replication_port=replication)
        for node in local_cluster.nodes(folder, {})[:2]
    ]
    try:
        local_cluster.start_all(members)
        place = OnBoth(members[0].config(), built_component(), folder / "bundles")
        place.deploy(place.bundle("a", explore={"share": 0.5, "from": 30}))
        for node in members:
            wait_for(lambda node=node: is_signing(node.routes_url))
        yield place, members
    finally:
        local_cluster.stop_all(members)


class OnBoth(Place):
    """A place whose target is the whole cluster."""

    @property
    def target(self) -> cluster.Target:
        return cluster.target(self.config)


def is_signing(routes: str) -> bool:
    """Returns whether a node signs answers: its workers read the keys every ten seconds."""
    answers = [
        requests.get(f"{routes}/song-recommender/health", timeout=5).json() for _ in range(8)
    ]
    return all(received.get("events", {}).get("signing") for received in answers)


def stored(place: Place, node: LocalNode) -> dict[str, dict[str, Any]]:
    config = node.config()
    client = client_of(replace(place.target.node, url=config.url), config)
    rows = client.every_row(place.domain.database, "events", "id", ["*"])
    return {row["id"]: row for row in rows}


def collected(place: Place, folder: Path) -> tuple[EventStore, list[str]]:
    store = EventStore(folder / "events")
    config = place.config
    clients = [(node.name, client_of(node, config)) for node in place.target.nodes]
    collect(clients, place.domain.database, store)
    return store, [i for b in store.batches(["id"]) for i in b.column("id").to_pylist()]


def test_an_event_is_stored_once_with_the_answer_that_it_is_about(two):
    place, [first, _] = two
    answer, items = shown(first.routes_url)
    batch = events_of(
        {"type": "view", "answer": answer, "position": 3},
        {"type": "click", "answer": answer, "item": items[1]},
    )
    received = send(first.routes_url, batch)
    assert received.status_code == 202
    assert received.json() == {"accepted": 2, "duplicates": 0, "refused": []}
    assert send(first.routes_url, batch).json()["duplicates"] == 2
    rows = stored(place, first)
    click = rows[f"{SESSION}:{batch[1]['id']}"]
    assert (click["item"], click["position"]) == (items[1], 2)
    assert click["shown_by"] == click["node"] == first.host
    assert click["arrival"].startswith(f"{first.host}/{click['arrived']:.0f}-")
    assert rows[f"{SESSION}:{batch[0]['id']}"]["shown"]


def test_an_explored_place_is_stored_with_its_propensity(two):
    place, [first, _] = two
    url = f"{first.routes_url}/song-recommender/recommend"
    question = {"favourites": item_ids(0)[:2], "limit": 10}
    usual = requests.post(url, json=question, timeout=10).json()["recommendations"]
    assert usual == requests.post(url, json=question, timeout=10).json()["recommendations"]
    session = "a-visitor-who-explores"
    batch: list[dict[str, Any]] = []
    expected = []
    for _ in range(20):  # of 40 places, none or all are explored once in 10^11 runs
        received = requests.post(url, json=question | {"session": session}, timeout=10).json()
        assert received["recommendations"][:3] == usual[:3]
        for one in received["recommendations"][2:5]:
            batch += events_of({"type": "click", "answer": received["answer"], "item": one["id"]})
            expected.append(one.get("explored", False))
    assert {*expected} == {True, False}
    for part in (batch[:30], batch[30:]):
        assert send(first.routes_url, part, session).json()["accepted"] == 30
    rows = stored(place, first)
    propensities = [rows[f"{session}:{event['id']}"]["propensity"] for event in batch]
    assert [value is not None for value in propensities] == expected
    assert {round(value, 6) for value in propensities if value is not None} == {0.5 / 20}


def test_an_answer_of_one_node_is_proof_on_another_and_counted_once(two, tmp_path):
    place, [first, second] = two
    answer, items = shown(first.routes_url)
    batch = events_of({"type": "click", "answer": answer, "item": items[0]})
    assert send(second.routes_url, batch).json()["accepted"] == 1
    assert send(first.routes_url, batch).status_code == 202
    _, ids = collected(place, tmp_path)
    assert ids.count(f"{SESSION}:{batch[0]['id']}") == 1


def test_forged_foreign_and_changed_answers_are_refused_alone(two):
    _, [first, _] = two
    answer, items = shown(first.routes_url)
    foreign, _ = shown(first.routes_url, "another-visitor-altogether")
    content = bytearray(base64.urlsafe_b64decode(answer + "=" * (-len(answer) % 4)))
    content[12] ^= 1
    forged = base64.urlsafe_b64encode(bytes(content)).rstrip(b"=").decode()
    received = send(
        first.routes_url,
        events_of(
            {"type": "click", "answer": forged, "item": items[0]},
            {"type": "click", "answer": foreign, "item": items[0]},
            {"type": "click", "answer": answer, "item": "not in it"},
            {"type": "like", "item": "searched for"},
        ),
    ).json()
    assert received["accepted"] == 1
    fields = [(one["index"], one["field"]) for one in received["refused"]]
    assert fields == [(0, "answer"), (1, "answer"), (2, "item")]


def test_a_node_killed_right_after_202_still_has_the_events(two):
    place, [first, _] = two
    sent = []
    for _ in range(10):
        batch = likes(5)
        assert send(first.routes_url, batch, f"killed-{uuid.uuid4().hex[:16]}").status_code == 202
        sent += batch
    kill(first)
    local_cluster.start_all([first])
    rows = stored(place, first)
    kept = {id_.partition(":")[2] for id_ in rows}
    assert {event["id"] for event in sent} <= kept


def test_a_node_that_was_away_delivers_when_it_is_back(two, tmp_path):
    place, [first, second] = two
    batch = likes(20)
    assert send(second.routes_url, batch, "on-the-second-node-00").status_code == 202
    kill(second)
    meanwhile = likes(20)
    assert send(first.routes_url, meanwhile, "on-the-first-node-000").status_code == 202
    store = EventStore(tmp_path / "events")
    down = [(node.name, client_of(node, place.config)) for node in (place.target.nodes)]
    pulled = {one.node: one for one in collect(down, place.domain.database, store)}
    assert pulled[second.host].error
    assert pulled[first.host].error is None
    local_cluster.start_all([second])
    wait_for(lambda: not any(p.error for p in collect(down, place.domain.database, store)))
    ids = [i for b in store.batches(["id"]) for i in b.column("id").to_pylist()]
    wanted = {f"on-the-second-node-00:{event['id']}" for event in batch}
    wanted |= {f"on-the-first-node-000:{event['id']}" for event in meanwhile}
    assert wanted <= set(ids)
    assert len(ids) == len(set(ids))
    again = collect(down, place.domain.database, store)
    assert [one.new for one in again] == [0, 0]


def test_no_accepted_event_is_lost_or_doubled_over_two_kills_under_load(two, tmp_path):
    place, members = two
    acknowledged: set[str] = set()
    over = threading.Event()

    def visit(number: int) -> None:
        session, turn = f"under-load-{number}-{uuid.uuid4().hex[:8]}", number
        while not over.is_set():
            batch = likes(2)
            while not over.is_set():  # the same ids again, to the other node, until one says 202
                turn += 1
                with contextlib.suppress(requests.RequestException):
                    received = send(members[turn % 2].routes_url, batch, session)
                    if received.status_code == 202:
                        acknowledged.update(f"{session}:{event['id']}" for event in batch)
                        break
                time.sleep(0.2)
            time.sleep(0.5)

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for node in members:
        before = len(acknowledged)
        wait_for(lambda before=before: len(acknowledged) >= before + 20)
        kill(node)
        local_cluster.start_all([node])
    over.set()
    for thread in threads:
        thread.join()
    store, _ = collected(place, tmp_path)
    config = place.config
    clients = [(node.name, client_of(node, config)) for node in place.target.nodes]
    wait_for(lambda: not any(p.error for p in collect(clients, place.domain.database, store)))
    ids = [i for b in store.batches(["id"]) for i in b.column("id").to_pylist()]
    assert len(acknowledged) >= 40
    assert acknowledged <= set(ids)
    assert len(ids) == len(set(ids))


def test_a_flooding_client_is_limited_and_others_are_not(two):
    _, [first, _] = two
    flood, refused = from_address("127.0.0.77"), 0
    for number in range(400):
        received = send(first.routes_url, likes(50), f"flooding-session-{number:05d}", client=flood)
        if received.status_code == 429:
            refused += 1
            assert int(received.headers["retry-after"]) >= 1
    assert refused > 100
    answer, items = shown(first.routes_url, "a-calm-visitor-here")
    batch = events_of({"type": "like", "answer": answer, "item": items[0]})
    calm = from_address("127.0.0.78")
    received = send(first.routes_url, batch, "a-calm-visitor-here", client=calm)
    assert (received.status_code, received.json()["accepted"]) == (202, 1)


def from_address(address: str) -> requests.Session:
    """Returns a client whose connections come from an address."""

    class Bound(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **options: Any) -> None:
            super().init_poolmanager(*args, source_address=(address, 0), **options)

    session = requests.Session()
    session.trust_env = False
    session.mount("http://", Bound())
    return session


def test_a_visitor_who_asks_not_to_be_tracked_is_not(two):
    place, [first, _] = two
    before = len(stored(place, first))
    received = send(first.routes_url, likes(1), headers={"Sec-GPC": "1"})
    assert (received.status_code, received.json()["ignored"]) == (202, "Sec-GPC")
    assert len(stored(place, first)) == before


def test_no_route_shows_events_or_keys(two):
    place, [first, _] = two
    [secret] = [row["secret"] for row in place.rows("event_keys")]
    base = f"{first.routes_url}/song-recommender"
    for path in ("events", "event_keys", "health", "stats", "model", "songs/events", "Events/"):
        received = requests.get(f"{base}/{path}", timeout=10)
        assert secret not in received.text
        assert SESSION not in received.text
    assert requests.get(f"{base}/events", timeout=10).status_code == 405
    for path in ("Events/", "EventKeys/", "events/", "event_keys/"):
        assert requests.get(f"{first.routes_url}/{path}", timeout=10).status_code in (401, 404)


def test_oversized_and_malformed_bodies_leave_the_node_well(two):
    _, [first, _] = two
    url = f"{first.routes_url}/song-recommender/events"
    assert send(first.routes_url, likes(51)).status_code == 400
    body = json.dumps({"session": SESSION, "events": [{"x": "y" * 70_000}]})
    kind = {"content-type": "application/json"}
    assert requests.post(url, data=body, headers=kind, timeout=10).status_code == 413
    assert requests.post(url, data="{", headers=kind, timeout=10).status_code == 400
    assert requests.post(url, data="x", timeout=10).status_code == 415
    health = requests.get(f"{first.routes_url}/song-recommender/health", timeout=10)
    assert health.json()["events"]["enabled"] is True
