"""`remove` takes a recommender off two replicating nodes, whatever interrupts it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.environment import enter
from tests.harper_places import Place, built_component, free_ports
from training.deploy.remove import find, remove
from training.deploy.roles import COLLECTOR, PUSHER, READER, make_users
from training.errors import HarperUnavailable
from training.harper import cluster
from training.harper.cluster import Target, client_of
from training.harper.local import cluster as local_cluster
from training.harper.local.node import LocalNode
from training.harper.local.server import start, stop
from training.harper.node import health

pytestmark = pytest.mark.e2e

PASSWORDS = dict.fromkeys((PUSHER, READER, COLLECTOR), "a password")


class Pair(Place):
    """A place with two nodes; deploys go through the first."""

    members: list[LocalNode]

    @property
    def target(self) -> Target:
        return cluster.target(self.config)

    def databases(self) -> list[set[str]]:
        """Returns the databases of each node."""
        clients = [client_of(node, self.config) for node in self.target.nodes]
        return [set(client.operation("describe_all")) for client in clients]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    operations, routes, replication = free_ports("127.0.0.1", 3)
    members = [
        replace(node, operations_port=operations, routes_port=routes, replication_port=replication)
        for node in local_cluster.nodes(folder, {})[:2]
    ]
    try:
        local_cluster.start_all(members)
        place = Pair(members[0].config(), built_component(), folder / "bundles")
        place.members = members
        place.deploy(place.bundle("a"))
        client = place.target.client
        client.operation("create_database", database="mine")
        client.operation("create_table", database="mine", table="notes", primary_key="id")
        make_users(client, [place.domain.database], PASSWORDS)
        yield place
    finally:
        local_cluster.stop_all(members)


def test_a_removal_needs_every_node_and_is_repeated_until_all_is_gone(
    pair: Pair, call, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(tmp_path, pair.config, monkeypatch)
    project, database = pair.domain.project, pair.domain.database
    stop(pair.members[1])
    with pytest.raises(HarperUnavailable, match="does not answer"):
        remove(pair.target, project, database, by="tests")
    assert pair.answering()
    start(pair.members[1])

    def interrupted(step: str) -> None:
        if step == "database":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        remove(pair.target, project, database, by="tests", step=interrupted)
    assert [health(node, project).component for node in pair.target.nodes] == [None, None]
    assert find(pair.target, project, database).components == ()
    assert all(database in there for there in pair.databases())

    code, shown, errors = call("remove", "songs", "--artifacts", tmp_path)
    assert code == 1
    assert "the database song_recommender" in errors
    assert "add --yes" in errors
    code, shown, errors = call("remove", "songs", "--artifacts", tmp_path, "--yes")
    assert code == 0, errors
    assert "song-recommender is no longer on" in shown
    time.sleep(2)  # what was on its way between the nodes has arrived
    assert all(database not in there and "mine" in there for there in pair.databases())
    rights = pair.target.client.operation("list_roles")
    assert not [role["role"] for role in rights if database in role["permission"]]
    code, _, errors = call("remove", "songs", "--artifacts", tmp_path, "--yes")
    assert code == 1
    assert "songs: song-recommender is not deployed on" in errors
