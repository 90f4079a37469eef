"""From two HarperDB tables to a page that answers, by the commands of docs/your-own-data.md; and
off the node again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest
import requests

from tests.chromium import assert_passes_in_chromium
from tests.cli.test_own_data_document import COMMANDS
from tests.described_site import DescribedSite, are_odd, described_site
from tests.domains.descriptions import ITEMS, likes
from training.harper.client import HarperClient

pytestmark = pytest.mark.e2e

[NEW] = [words for words in COMMANDS if "harperdb:shop.orders" in words]
START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def order(key: int, user: str, item: str) -> dict[str, object]:
    ordered = (START + timedelta(hours=key)).isoformat(timespec="milliseconds")
    ordered = ordered.replace("+00:00", "Z")
    return {"id": key, "customer": user, "sku": item, "quantity": 1, "ordered": ordered}


def fill(client: HarperClient) -> None:
    """Fills orders without a schema, and products with one."""
    client.operation("create_database", database="shop")
    client.operation("create_table", database="shop", table="orders", primary_key="id")
    columns = [{"name": name, "type": "String"} for name in ("sku", "name")]
    client.operation(
        "create_table", database="shop", table="products", primary_key="sku", attributes=columns
    )
    orders = [order(key, user, item) for key, (user, item, _) in enumerate(likes())]
    client.operation("insert", database="shop", table="orders", records=orders)
    products = [{"sku": f"thing {n}", "name": f"Chair {n} / 😀"} for n in range(ITEMS)]
    client.operation("insert", database="shop", table="products", records=products)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DescribedSite]:
    """A node with a recommender of its own tables, made by two commands."""
    with described_site(tmp_path_factory.mktemp("own-tables")) as site:
        fill(HarperClient(site.node.config()))
        site.call(*NEW)
        site.run("shop")
        yield site


def test_the_routes_and_the_page_know_the_tables_rows(site: DescribedSite) -> None:
    base = site.base("shop")
    found = requests.get(f"{base}/shop?q=chair+12&limit=1", timeout=30).json()["shop"]
    assert (found[0]["id"], found[0]["title"]) == ("thing 12", "Chair 12 / 😀")
    ids = site.recommended("shop")
    assert (len(ids), are_odd(ids)) == (5, True)
    assert_passes_in_chromium(
        "node", "--test", "tests/e2e/own_tables.browser.js", RECOMMENDER_OWN_URL=f"{base}/"
    )


def test_a_round_of_the_loop_counts_the_rows_that_came_since(site: DescribedSite) -> None:
    def loop() -> str:
        return site.call("loop", "shop", "--once", *site.artifacts)

    assert re.search(r"unchanged; \d+ new events of \d+; 0 new rows", loop())
    count = len(list(likes()))
    fresh = [order(count + n, f"u{n}", "thing 1") for n in range(3)]
    client = HarperClient(site.node.config())
    client.operation("insert", database="shop", table="orders", records=fresh)
    assert re.search(r"unchanged; \d+ new events of \d+; 3 new rows", loop())


def test_removed_it_answers_no_longer_and_the_shops_tables_stay(site: DescribedSite) -> None:
    said = site.call("remove", "shop", "--yes", *site.artifacts)
    assert "shop-recommender is no longer on" in said
    assert str(site.description("shop")) in said
    assert requests.get(f"{site.base('shop')}/health", timeout=30).status_code == 404
    there = HarperClient(site.node.config()).operation("describe_all")
    assert "shop_recommender" not in there
    assert set(there["shop"]) == {"orders", "products"}
