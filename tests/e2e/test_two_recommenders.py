"""Two recommenders on a node: each worker answers for both, whatever a restart did."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from typer import Typer
from typer.testing import CliRunner

from scripts.soak import busy, soak
from tests.harper_places import Place, built_component, real_node, wait_for
from training.cli import harper as commands
from training.cli.status import BEHIND
from training.deploy.install import install
from training.deploy.restart import request_restart
from training.domains import DOMAINS
from training.errors import HarperUnavailable
from training.harper.local.node import LocalNode
from training.harper.workers import ask_workers

pytestmark = pytest.mark.e2e

SONGS, BOOKS = DOMAINS["songs"].project, DOMAINS["books"].project


class Both(Place):
    """A node with both recommenders."""

    node: LocalNode

    def missing(self) -> list[str]:
        return ask_workers(self.target.node, [SONGS, BOOKS]).missing()

    def lose(self, project: str) -> None:
        """Restarts the workers while a component's folder is away, then puts it back."""
        folder = self.node.folder / "root" / "components" / project
        away = self.node.folder / project
        shutil.move(folder, away)
        try:
            client = self.target.client
            job = request_restart(client, lambda: None)
            assert job
            wait_for(lambda: ended(self, job), 120)
        finally:
            shutil.move(away, folder)


def ended(place: Place, job: str) -> bool:
    try:
        return place.target.client.operation("get_job", id=job)[0]["status"] == "COMPLETE"
    except HarperUnavailable:
        return False  # no worker listens for a moment while they restart


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("both")
    with real_node(folder) as node:
        place = Both(node.config(), built_component(), folder / "bundles")
        place.node = node
        install(place.target, built_component("books"), lambda: None)
        place.deploy(place.bundle("a"))
        yield place


def status(place: Place, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    config = place.config
    monkeypatch.setenv("HARPER_URL", config.url)
    monkeypatch.setenv("HARPER_ROUTES_URL", config.routes_url)
    monkeypatch.setenv("HARPER_USERNAME", config.username)
    monkeypatch.setenv("HARPER_PASSWORD", config.password)
    app = Typer()
    commands.mount(app)
    result = CliRunner().invoke(app, ["status", "songs"], env={"COLUMNS": "240"})
    return result.exit_code, result.output


def test_both_answer_from_every_worker(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    assert both.missing() == []
    code, shown = status(both, monkeypatch)
    assert (code, shown.count(both.component.code)) == (0, 2)


def test_a_worker_without_the_routes_is_shown_by_status_and_mended_by_deploy(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    both.lose(SONGS)
    assert len(both.missing()) == 2
    code, shown = status(both, monkeypatch)
    assert code == BEHIND
    assert f"no routes of {SONGS}" in shown
    outcome = both.deploy(both.folder / "a")
    assert (outcome.code_deployed, outcome.unchanged) == (False, True)
    assert both.missing() == []
    assert status(both, monkeypatch)[0] == 0


def test_a_deploy_of_one_mends_the_routes_of_the_other(both: Both) -> None:
    both.lose(BOOKS)
    assert all(BOOKS in sentence for sentence in both.missing())
    assert not both.deploy(both.folder / "a").code_deployed
    assert both.missing() == []


def test_deleted_catalogue_rows_are_shown_by_status_and_mended_by_deploy(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [row["id"] for row in both.rows("items")][:12]
    both.target.client.delete(both.domain.database, "items", ids)
    code, shown = status(both, monkeypatch)
    assert code == BEHIND
    assert "12 of 60 catalogue rows are missing" in shown
    assert both.deploy(both.folder / "a").rows_sent == 12
    assert status(both, monkeypatch)[0] == 0


def test_deploys_in_both_orders_under_load_leave_no_worker_without_routes(both: Both) -> None:
    with busy(os.cpu_count() or 1):
        assert soak(both.node, 2, lambda line: None) == []
