"""Songs and books from their bundles to a visitor: real HarperDB, real routes, a real browser."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests import make_bundles
from tests.chromium import assert_passes_in_chromium
from tests.environment import variables
from tests.harper_places import built_component, real_node, wait_for
from training.bundle import open_bundle
from training.deploy.deploy import deploy
from training.deploy.node_state import node_state
from training.domains import DOMAINS
from training.domains.domain import Domain
from training.harper import cluster
from training.harper.cluster import Target
from training.harper.local.node import PROJECT_ROOT, LocalNode
from training.harper.local.server import running_process, start

pytestmark = pytest.mark.e2e

QUESTIONS = 210
"""Asked of each domain, over all strategies."""


class Deployment:
    """A node with both recommenders."""

    def __init__(self, node: LocalNode) -> None:
        self.node = node
        self.target: Target = cluster.target(node.config())

    def deploy(self, name: str, variant: str = "") -> Any:
        domain = DOMAINS[name]
        bundle = open_bundle(make_bundles.make(name, variant), name)
        component = built_component(name)
        return deploy(self.target, domain.database, bundle, component, by="test", force=True)

    def url(self, domain: Domain, path: str) -> str:
        return f"{self.node.routes_url}/{domain.project}/{path}"

    def get(self, domain: Domain, path: str) -> Any:
        return requests.get(self.url(domain, path), timeout=30).json()

    def recommend(self, domain: Domain, **question: Any) -> Any:
        answer = requests.post(self.url(domain, "recommend"), json=question, timeout=30)
        return answer.json()

    def environment(self) -> dict[str, str]:
        return os.environ | variables(self.node.config())


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with real_node(tmp_path_factory.mktemp("end-to-end")) as node:
        deployment = Deployment(node)
        for name in DOMAINS:
            assert deployment.deploy(name).is_on_all_nodes
        yield deployment


@pytest.fixture(params=list(DOMAINS))
def domain(request: pytest.FixtureRequest) -> Domain:
    return DOMAINS[request.param]


def rows_of(name: str) -> list[dict[str, Any]]:
    """Returns the demonstration catalogue."""
    lines = (make_bundles.BUNDLES / name / "items.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def ids_of(name: str, field: str, *wanted: str) -> list[str]:
    """Returns the ids of the demonstration items with these values of a field, in their order."""
    found = {row[field]: row["id"] for row in rows_of(name)}
    return [found[value] for value in wanted]


def same_answer(found: list[dict[str, Any]], items: list[str], scores: list[float]) -> bool:
    """Same ids and scores within 1e-3; neighbours whose scores are equal may change places."""
    if any(abs(row["score"] - score) > 1e-3 for row, score in zip(found, scores, strict=True)):
        return False
    python = dict(zip(items, scores, strict=True))
    return all(
        row["id"] == item or abs(python.get(row["id"], scores[-1]) - score) <= 1e-5
        for row, item, score in zip(found, items, scores, strict=True)
    )


def test_the_node_answers_what_python_answers(here: Deployment, domain: Domain) -> None:
    asked = json.loads((make_bundles.BUNDLES / domain.name / "answers.json").read_text())
    step = len(asked) // QUESTIONS
    for question in asked[::step]:
        received = here.recommend(
            domain,
            favourites=question["favourites"],
            strategy=question["strategy"],
            limit=make_bundles.ANSWERS,
        )["recommendations"]
        assert same_answer(received, question["items"], question["scores"]), question


def test_a_word_finds_items_and_an_id_shows_one(here: Deployment, domain: Domain) -> None:
    title = {"songs": "Hey Jude", "books": "The Hobbit"}[domain.name]
    found = here.get(domain, f"{domain.name}?q={title.lower()[:-1]}&limit=5")[domain.name]
    assert found[0]["title"] == title
    assert here.get(domain, f"{domain.name}/{found[0]['id']}")["title"] == title
    assert {name for name, _ in domain.shown} <= found[0].keys()
    assert (
        requests.get(here.url(domain, f"{domain.name}/nobody-knows"), timeout=30).status_code == 404
    )


def test_books_come_with_their_year_and_are_not_found_by_it(here: Deployment) -> None:
    books = DOMAINS["books"]
    years = {row["id"]: row.get("year", "") for row in rows_of("books")}
    [hobbit, dune] = ids_of("books", "title", "The Hobbit", "Dune")
    received = here.recommend(books, favourites=[dune], limit=100)["recommendations"]
    assert [row["year"] for row in received] == [years[row["id"]] for row in received]
    assert here.get(books, "books?q=the+hobbit&limit=1")["books"][0]["year"] == years[hobbit]
    found = here.get(books, f"books?q={years[hobbit]}&limit=100")["books"]
    assert hobbit not in [row["id"] for row in found]


def test_another_editions_isbn_is_the_book(here: Deployment) -> None:
    books = DOMAINS["books"]
    work = next(row for row in rows_of("books") if row.get("editions"))
    edition = work["editions"][0]
    shown = here.get(books, f"books/{edition}")
    assert (shown["id"], shown["title"], shown["known"]) == (work["id"], work["title"], True)
    received = here.recommend(books, favourites=[edition], limit=100)
    assert received["unknown"] == []
    assert received == here.recommend(books, favourites=[work["id"], edition], limit=100)


def test_the_page_is_served(here: Deployment, domain: Domain) -> None:
    page = requests.get(here.url(domain, "ui/"), timeout=30)
    assert page.status_code == 200
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


def test_three_metal_songs_bring_metal_songs(here: Deployment) -> None:
    three = ids_of("songs", "title", "Master of Puppets", "Ace of Spades", "Breaking the Law")
    received = here.recommend(DOMAINS["songs"], favourites=three)["recommendations"]
    tastes = (PROJECT_ROOT / "scripts" / "sample" / "songs.csv").read_text().splitlines()
    metal = {line.split(",")[0].strip('"') for line in tastes if "metal" in line}
    assert sum(row["title"] in metal for row in received) >= 7


def test_a_second_model_answers_without_a_restart(here: Deployment) -> None:
    songs = DOMAINS["songs"]
    first, process = here.get(songs, "health")["model"], running_process(here.node)
    outcome = here.deploy("songs", "-second")
    assert outcome.is_on_all_nodes
    assert not outcome.code_deployed
    assert running_process(here.node) == process
    assert here.get(songs, "health")["model"] == outcome.version != first
    assert here.deploy("songs").version == first


def test_a_killed_and_restarted_server_answers_the_same(here: Deployment, domain: Domain) -> None:
    ids = json.loads((make_bundles.BUNDLES / domain.name / "item_ids.json").read_text())
    question = {"favourites": ids[3:6], "limit": 20}
    before = here.recommend(domain, **question)
    process = running_process(here.node)
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    wait_for(lambda: running_process(here.node) is None)
    start(here.node)
    # Each worker: songs and books begin in it at once, and share what they begin with.
    wait_for(lambda: node_state(here.target.node, domain.project, before["model"]).answers)
    assert here.recommend(domain, **question) == before


def command(here: Deployment, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "training", *words],
        cwd=PROJECT_ROOT,
        env=here.environment() | environment,
        check=False,
        capture_output=True,
        text=True,
    )


def test_the_command_line_runs_all_stages_and_prints_where_the_page_is(here: Deployment) -> None:
    work = make_bundles.TARGET / "work"
    data = PROJECT_ROOT / "datasets" / "books" / "sample"
    settings = [word for setting in make_bundles.QUICK for word in ("--set", setting)]
    done = command(here, "run", "books", "--data", str(data), "--artifacts", str(work), *settings)
    assert done.returncode == 0, done.stderr
    for stage in ("prepare", "train", "evaluate", "export", "deploy"):
        assert f"books  {stage}" in done.stdout
    assert here.url(DOMAINS["books"], "ui/") in done.stdout
    assert "curl -s" in done.stdout
    assert here.node.config().password not in done.stdout + done.stderr


def test_a_wrong_password_is_reported_in_one_line_without_it(here: Deployment) -> None:
    done = command(here, "versions", "songs", HARPER_PASSWORD="not-the-password")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Login failed" in done.stderr or "401" in done.stderr
    assert "not-the-password" not in done.stdout + done.stderr


def test_a_server_that_is_away_is_reported_when_the_retries_are_over(here: Deployment) -> None:
    done = command(here, "versions", "songs", HARPER_URL="http://127.0.0.1:9")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: ")
    assert "127.0.0.1:9 does not answer" in last
    assert "Traceback" not in done.stderr


def test_the_pages_work_in_chromium(here: Deployment) -> None:
    assert_passes_in_chromium(
        *("npm", "run", "--silent", "test:browser"),
        RECOMMENDER_SONGS_URL=here.url(DOMAINS["songs"], ""),
        RECOMMENDER_BOOKS_URL=here.url(DOMAINS["books"], ""),
    )
