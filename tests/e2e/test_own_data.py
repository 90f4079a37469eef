"""From a file that nobody described to a page that answers, without a line of Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests

from tests import checkerboard
from tests.chromium import assert_passes_in_chromium
from tests.domains.descriptions import likes
from tests.harper_places import built_component, real_node
from training.harper.local.node import PROJECT_ROOT, LocalNode

pytestmark = pytest.mark.e2e

ROUTES = "views-recommender"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalNode]:
    """A node with a recommender of anonymous views, made by two commands."""
    folder = tmp_path_factory.mktemp("own-data")
    lines = [json.dumps({"visit": {"id": user}, "page": item}) for user, item, _ in likes()]
    (folder / "views.jsonl").write_text("\n".join(lines))
    built_component()
    settings = [f"--set={setting}" for setting in (*checkerboard.SETTINGS, "evaluate.quick=true")]
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
        for words in (
            ["new", "views", "--interactions", "views.jsonl", "--yes"],
            ["run", "views", "--artifacts", str(folder / "artifacts"), *settings],
        ):
            done = subprocess.run(
                [sys.executable, "-m", "training", *words],
                cwd=folder,
                env=environment,
                check=False,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stdout + done.stderr
        assert f"{config.routes_url}/{ROUTES}/ui/" in done.stdout
        yield running


def test_the_routes_answer_from_ids_alone(node: LocalNode) -> None:
    base = f"{node.routes_url}/{ROUTES}"
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


def test_the_page_is_right_without_titles_and_creators(node: LocalNode) -> None:
    address = f"{node.routes_url}/{ROUTES}/"
    assert_passes_in_chromium(
        "node", "--test", "tests/e2e/own_data.browser.js", RECOMMENDER_OWN_URL=address
    )
