"""Code reaches every worker; a worker without a recommender's routes is detected and restarted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harper_places import Place, fake_component, fake_component_of, fake_place
from training.deploy import restart
from training.deploy.install import install
from training.deploy.projects import deployed_projects
from training.deploy.restart import RESTARTS
from training.errors import HarperRefused, HarperUnavailable
from training.harper.workers import ask_workers

SONGS, BOOKS = "song-recommender", "book-recommender"


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Place]:
    """A node with two recommenders, each worker answering for both."""
    with fake_place(tmp_path) as place:
        place.component = fake_component()
        install(place.target, place.component, lambda: None)
        install(place.target, fake_component_of("books", "b00c"), lambda: None)
        fake_of(place).received.clear()
        yield place


def fake_of(place: Place):
    assert place.fake is not None
    return place.fake


def operations(place: Place) -> dict[str, int]:
    return {name: fake_of(place).count()[name] for name in ("deploy_component", "restart_service")}


def test_code_that_every_worker_runs_is_neither_sent_nor_restarted(both: Place) -> None:
    assert install(both.target, both.component, lambda: None) is False
    assert operations(both) == {"deploy_component": 0, "restart_service": 0}


def test_new_code_is_sent_once_and_restarted_once(both: Place) -> None:
    assert install(both.target, fake_component("c0de000000000002"), lambda: None) is True
    assert operations(both) == {"deploy_component": 1, "restart_service": 1}


@pytest.mark.parametrize("lost", [SONGS, BOOKS])
def test_a_restart_that_leaves_a_worker_without_a_recommender_is_repeated(
    both: Place, lost: str
) -> None:
    fake_of(both).loses = [{lost}, {lost}, set()]
    assert install(both.target, fake_component("c0de000000000002"), lambda: None) is True
    assert operations(both) == {"deploy_component": 1, "restart_service": 3}
    assert not ask_workers(both.target.node, [SONGS, BOOKS]).missing()


@pytest.mark.parametrize(("lost", "worker"), [(BOOKS, "worker 0"), (SONGS, "worker 0")])
def test_a_worker_that_stays_without_a_recommender_is_named(
    both: Place, lost: str, worker: str
) -> None:
    fake_of(both).loses = [{lost}] * 10
    with pytest.raises(HarperUnavailable, match=f"{worker} has no routes of {lost}.*{RESTARTS}"):
        install(both.target, fake_component("c0de000000000002"), lambda: None)
    assert operations(both)["restart_service"] == RESTARTS


@pytest.mark.parametrize("lost", [SONGS, BOOKS])
def test_routes_that_are_missing_are_a_fault_and_not_old_code(both: Place, lost: str) -> None:
    fake_of(both).lost = {lost}
    assert install(both.target, both.component, lambda: None) is False
    assert operations(both) == {"deploy_component": 0, "restart_service": 1}
    assert not ask_workers(both.target.node, [SONGS, BOOKS]).missing()


def test_a_restart_is_requested_again_while_the_node_does_not_answer(both: Place) -> None:
    requested: list[object] = []

    def busy(body: dict[str, object]) -> None:
        if body["operation"] == "restart_service":
            requested.append(body)
            if len(requested) < 4:
                fake_of(both).answers.append((503, "the workers restart"))

    fake_of(both).before = busy
    assert install(both.target, fake_component("c0de000000000002"), lambda: None) is True
    assert len(requested) == 4


def test_a_node_that_never_restarts_is_named(both: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restart, "RESTART_SECONDS", 0.3)
    fake_of(both).before = lambda body: (
        fake_of(both).answers.append((503, "the workers restart"))
        if body["operation"] == "restart_service"
        else None
    )
    with pytest.raises(HarperUnavailable, match=r"restart_service.*the workers restart"):
        install(both.target, fake_component("c0de000000000002"), lambda: None)


def test_without_the_right_to_restart_the_fault_is_named(both: Place) -> None:
    fake_of(both).lost, fake_of(both).super_user = {SONGS}, False
    with pytest.raises(HarperRefused, match="only a super user may"):
        install(both.target, both.component, lambda: None)
    assert operations(both) == {"deploy_component": 0, "restart_service": 0}


def test_two_deploys_replace_code_one_after_the_other(both: Place) -> None:
    seen: list[object] = []

    def check(body: dict[str, object]) -> None:
        if body["operation"] in ("deploy_component", "restart_service"):
            rows = fake_of(both).tables["recommender_code", "locks"].values()
            seen.append([row["by"] for row in rows if not row["released"]])

    fake_of(both).before = check
    install(both.target, fake_component("c0de000000000002"), lambda: None, by="Ann")
    assert seen == [["Ann"], ["Ann"]]


@pytest.mark.parametrize("super_user", [True, False])
def test_the_recommenders_of_a_node_are_found_with_and_without_a_super_user(
    both: Place, super_user: bool
) -> None:
    fake_of(both).super_user = super_user
    fake_of(both).components["another"] = {"config.yaml": b""}
    assert deployed_projects(both.target.client) == [BOOKS, SONGS]
