"""From a file that nobody described to a page that answers, without a line of Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests import checkerboard
from tests.chromium import assert_passes_in_chromium
from tests.domains.descriptions import ITEMS, likes
from tests.harper_places import built_component, real_node
from training.harper.local.node import PROJECT_ROOT, LocalNode

pytestmark = pytest.mark.e2e

VIEWS, FILMS = "views-recommender", "films-recommender"
PICTURES = '\n[picture]\nurl = "https://pictures.example/{id}.svg"\n'


def write_files(folder: Path) -> None:
    """Writes a log of anonymous views, and rows of user, item, weight and time with titles."""
    lines = [json.dumps({"visit": {"id": user}, "page": item}) for user, item, _ in likes()]
    (folder / "views.jsonl").write_text("\n".join(lines))
    rows = [f"{u}\t{i}\t{w}\t{1_700_000_000 + n * 60}" for n, (u, i, w) in enumerate(likes())]
    (folder / "rows.tsv").write_text("\n".join(["user\titem\tweight\tat", *rows]))
    titles = [f"thing {n},Film {n},{'Odd' if n % 2 else 'Even'}|Drama\n" for n in range(ITEMS)]
    (folder / "films.csv").write_text("item,title,genres\n" + "".join(titles))


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalNode]:
    """A node with two recommenders, each made by two commands."""
    folder = tmp_path_factory.mktemp("own-data")
    write_files(folder)
    built_component()
    with real_node(folder / "node") as running:
        config = running.config()
        environment = os.environ | {
            "HARPER_URL": config.url,
            "HARPER_ROUTES_URL": config.routes_url,
            "HARPER_USERNAME": config.username,
            "HARPER_PASSWORD": config.password,
            "RECOMMENDER_DATASETS": str(folder / "datasets"),
            "PYTHONPATH": str(PROJECT_ROOT),
        }

        def call(*words: str) -> str:
            done = subprocess.run(
                [sys.executable, "-m", "training", *words],
                cwd=folder,
                env=environment,
                check=False,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        few = ("evaluate.quick=true", "export.strategies=items", "items.epochs=4")
        settings = [f"--set={setting}" for setting in (*checkerboard.SETTINGS, *few)]
        artifacts = ["--artifacts", str(folder / "artifacts")]
        call("new", "views", "--interactions", "views.jsonl", "--yes")
        call("new", "films", "--interactions", "rows.tsv", "--items", "films.csv", "--yes")
        with (folder / "datasets" / "films" / "domain.toml").open("a") as description:
            description.write(PICTURES)
        for name in ("views", "films"):
            text = call("run", name, *artifacts, *settings)
            assert f"{config.routes_url}/{name}-recommender/ui/" in text
        yield running


def test_the_routes_answer_from_ids_alone(node: LocalNode) -> None:
    base = f"{node.routes_url}/{VIEWS}"
    model = requests.get(f"{base}/model", timeout=30).json()
    assert (model["creator"], model["data"]["synthetic"]) == (None, False)
    assert [field["name"] for field in model["fields"]] == ["title"]
    found = requests.get(f"{base}/views?q=thing+12&limit=1", timeout=30).json()["views"]
    assert found[0]["id"] == found[0]["title"] == "thing 12"
    question = {"favourites": ["thing 1", "thing 3"], "limit": 5}
    answer = requests.post(f"{base}/recommend", json=question, timeout=30).json()
    ids = [row["id"] for row in answer["recommendations"]]
    assert [int(id_.removeprefix("thing ")) % 2 for id_ in ids] == [1] * 5
    varied = requests.post(f"{base}/recommend", json=question | {"diversity": 1}, timeout=30)
    assert len(varied.json()["recommendations"]) == 5


def test_weights_times_and_titles_from_files_reach_the_routes(node: LocalNode) -> None:
    model = requests.get(f"{node.routes_url}/{FILMS}/model", timeout=30).json()
    assert model["picture"] == {"url": "https://pictures.example/{id}.svg"}
    found = requests.get(f"{node.routes_url}/{FILMS}/films?q=film+7&limit=1", timeout=30).json()
    assert (found["films"][0]["id"], found["films"][0]["title"]) == ("thing 7", "Film 7")
    page = requests.get(f"{node.routes_url}/{FILMS}/ui/", timeout=30)
    assert (
        "img-src 'self' data: https://pictures.example;"
        in (page.headers["content-security-policy"])
    )


def test_the_pages_are_right_with_ids_alone_and_with_pictures(node: LocalNode) -> None:
    assert_passes_in_chromium(
        "node",
        "--test",
        "tests/e2e/own_data.browser.js",
        RECOMMENDER_OWN_URL=f"{node.routes_url}/{VIEWS}/",
        RECOMMENDER_PICTURES_URL=f"{node.routes_url}/{FILMS}/",
    )
