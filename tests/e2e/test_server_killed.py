"""A server that is killed: what was deployed is there again, and a deploy that it cut off can be
run again.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests

from tests.fake_bundle import item_ids, version_of
from tests.harper_places import Place, built_component, real_node, wait_for
from training.deploy.outcome import Watcher
from training.errors import HarperUnavailable
from training.harper.client import HarperClient, Patience
from training.harper.local.node import LocalNode
from training.harper.local.processes import is_alive
from training.harper.local.server import running_process, start

pytestmark = pytest.mark.e2e


class Killable(Place):
    """A place whose server can be killed and brought back."""

    node: LocalNode

    def kill(self) -> None:
        process = running_process(self.node)
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        wait_for(lambda: not is_alive(process))

    def bring_back(self) -> None:
        start(self.node)
        wait_for(lambda: self.answering() is not None)

    def search(self, words: str) -> list[dict[str, str]]:
        url = f"{self.config.routes_url}/{self.domain.project}/songs"
        return requests.get(url, params={"q": words, "limit": 3}).json()["songs"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killable]:
    folder = tmp_path_factory.mktemp("killed")
    with real_node(folder, threads=1) as node:
        place = Killable(node.config(), built_component(), folder / "bundles")
        place.node = node
        yield place


def test_a_server_killed_and_started_again_answers_the_same(server: Killable) -> None:
    server.deploy(server.bundle("a"))
    asked = item_ids(0)[:3]
    before = server.ask(*asked), server.search("song 1")
    assert before[1][0]["title"] == "Song 1"
    server.kill()
    server.bring_back()
    assert (server.ask(*asked), server.search("song 1")) == before


@pytest.mark.parametrize("step", ["catalogue", "candidate", "pointer", "verify"])
def test_a_server_killed_during_a_deploy_answers_again_and_the_deploy_can_be_repeated(
    server: Killable, step: str
) -> None:
    server.empty()
    old, new = server.bundle("a"), server.bundle("b")
    server.deploy(old)

    def kill(begins: str) -> None:
        if begins == step:
            server.kill()

    with pytest.raises(HarperUnavailable):
        server.deploy(new, watcher=Watcher(kill))
    server.bring_back()
    expected = version_of(new) if step == "verify" else version_of(old)
    wait_for(lambda: server.answering() == expected)
    assert server.deploy(new).is_on_all_nodes
    assert {v.version for v in server.models.listed()} == {version_of(old), version_of(new)}
    assert [row["id"] for row in server.rows("current")] == ["current"]


def test_a_server_that_is_away_is_reported_in_a_word(server: Killable) -> None:
    client = HarperClient(
        replace(server.config, url="http://127.0.0.1:9"), patience=Patience(attempts=1)
    )
    with pytest.raises(HarperUnavailable, match="does not answer; is HarperDB running"):
        client.operation("describe_all")
