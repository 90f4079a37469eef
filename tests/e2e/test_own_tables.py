"""From two HarperDB tables to a page that answers, by the commands of docs/your-own-data.md; and
off the node again.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import requests

from tests import checkerboard
from tests.chromium import assert_passes_in_chromium
from tests.cli.test_own_data_document import COMMANDS
from tests.domains.descriptions import ITEMS, likes
from tests.environment import variables
from tests.harper_places import built_component, real_node
from training.harper.client import HarperClient
from training.harper.local.node import PROJECT_ROOT, LocalNode

pytestmark = pytest.mark.e2e

[NEW] = [words for words in COMMANDS if "harperdb:shop.orders" in words]
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
FEW = ("evaluate.quick=true", "export.strategies=items", "items.epochs=4")


@dataclass
class Site:
    """A node with a shop's tables, and the commands called beside it."""

    node: LocalNode
    folder: Path
    call: Callable[..., str]

    @property
    def base(self) -> str:
        return f"{self.node.routes_url}/shop-recommender"

    @property
    def client(self) -> HarperClient:
        return HarperClient(self.node.config())

    def order(self, key: int, user: str, item: str) -> dict[str, object]:
        ordered = (START + timedelta(hours=key)).isoformat(timespec="milliseconds")
        ordered = ordered.replace("+00:00", "Z")
        return {"id": key, "customer": user, "sku": item, "quantity": 1, "ordered": ordered}


def fill(site: Site) -> None:
    """Fills orders without a schema, and products with one."""
    client = site.client
    client.operation("create_database", database="shop")
    client.operation("create_table", database="shop", table="orders", primary_key="id")
    columns = [{"name": name, "type": "String"} for name in ("sku", "name")]
    client.operation(
        "create_table", database="shop", table="products", primary_key="sku", attributes=columns
    )
    orders = [site.order(key, user, item) for key, (user, item, _) in enumerate(likes())]
    client.operation("insert", database="shop", table="orders", records=orders)
    products = [{"sku": f"thing {n}", "name": f"Chair {n} / 😀"} for n in range(ITEMS)]
    client.operation("insert", database="shop", table="products", records=products)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A node with a recommender of its own tables, made by two commands."""
    folder = tmp_path_factory.mktemp("own-tables")
    built_component()
    with real_node(folder / "node") as node:
        environment = os.environ | variables(node.config())
        environment |= {
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

        site = Site(node, folder, call)
        fill(site)
        call(*NEW)
        settings = [f"--set={setting}" for setting in (*checkerboard.SETTINGS, *FEW)]
        assert f"{site.base}/ui/" in call("run", "shop", *settings, *artifacts(site))
        yield site


def artifacts(site: Site) -> list[str]:
    return ["--artifacts", str(site.folder / "artifacts")]


def test_the_routes_and_the_page_know_the_tables_rows(site: Site) -> None:
    found = requests.get(f"{site.base}/shop?q=chair+12&limit=1", timeout=30).json()["shop"]
    assert (found[0]["id"], found[0]["title"]) == ("thing 12", "Chair 12 / 😀")
    question = {"favourites": ["thing 1", "thing 3"], "limit": 5}
    answer = requests.post(f"{site.base}/recommend", json=question, timeout=30).json()
    ids = [row["id"] for row in answer["recommendations"]]
    assert [int(id_.removeprefix("thing ")) % 2 for id_ in ids] == [1] * 5
    assert_passes_in_chromium(
        "node", "--test", "tests/e2e/own_tables.browser.js", RECOMMENDER_OWN_URL=f"{site.base}/"
    )


def test_a_round_of_the_loop_counts_the_rows_that_came_since(site: Site) -> None:
    def loop() -> str:
        return site.call("loop", "shop", "--once", *artifacts(site))

    assert re.search(r"unchanged; \d+ new events of \d+; 0 new rows", loop())
    count = len(list(likes()))
    fresh = [site.order(count + n, f"u{n}", "thing 1") for n in range(3)]
    site.client.operation("insert", database="shop", table="orders", records=fresh)
    assert re.search(r"unchanged; \d+ new events of \d+; 3 new rows", loop())


def test_removed_it_answers_no_longer_and_the_shops_tables_stay(site: Site) -> None:
    said = site.call("remove", "shop", "--yes", *artifacts(site))
    assert "shop-recommender is no longer on" in said
    assert str(site.folder / "datasets" / "shop" / "domain.toml") in said
    assert requests.get(f"{site.base}/health", timeout=30).status_code == 404
    there = site.client.operation("describe_all")
    assert "shop_recommender" not in there
    assert set(there["shop"]) == {"orders", "products"}
