"""`new`, `pull` and `prepare` of a domain in HarperDB tables."""

from __future__ import annotations

import pytest

from tests.domains.descriptions import likes
from tests.environment import enter
from tests.sources.shop import Shop, order
from training.domains import DOMAINS
from training.domains.domain import ITEM_ID, TITLE, USER_ID
from training.pipeline.folders import Folders
from training.pipeline.pull import changes
from training.pipeline.rounds import mark_rows_learned, rows_not_learned

NEW = ("new", "shop", "--interactions", "harperdb:shop.orders", "--items", "harperdb:shop.products")


@pytest.fixture
def shop(fake, tmp_path, monkeypatch):
    """A shop with orders and products, from whose folder commands are called."""
    enter(tmp_path, fake.config, monkeypatch)
    shop = Shop(fake, tmp_path / "artifacts" / "shop")
    shop.make("products")
    shop.put(*(order(n, u, i, quantity=w) for n, (u, i, w) in enumerate(likes())))
    things = [{"id": n, "sku": f"thing {n}", "name": f"Chair {n}"} for n in range(24)]
    shop.put(*things, table="products")
    return shop


def described(call, *words):
    code, _, errors = call(*NEW, *words, "--yes")
    assert code == 0, errors
    return errors


def test_tables_are_shown_guessed_and_described(call, shop):
    shown = described(call, "--strength", "quantity")
    assert "interactions: harperdb:shop.orders (HarperDB table)" in shown
    assert "user: customer, item: sku, strength: quantity" in shown
    assert "u0 | thing " in shown
    assert "id: sku, title: name" in shown
    domain = DOMAINS["shop"]
    assert [str(table) for table in domain.tables] == [
        "harperdb:shop.orders",
        "harperdb:shop.products",
    ]
    assert domain.tables[0].columns == ("customer", "sku", "quantity")


def test_what_was_pulled_is_prepared_and_only_new_rows_are_prepared_again(call, shop, tmp_path):
    described(call)
    words = ("shop", "--artifacts", tmp_path / "artifacts")
    code, _, errors = call("prepare", *words)
    assert code == 1
    assert "expected pulled rows, found none. Run `harperdb-recommender pull shop`" in errors
    code, shown, errors = call("pull", *words)
    assert code == 0, errors
    count = len(list(likes()))
    assert f"harperdb:shop.orders: {count:,} rows, {count:,} new, changed or removed" in shown
    assert "harperdb:shop.products: 24 rows" in shown
    for expected in ("240 users", "unchanged"):
        code, shown, errors = call("prepare", *words)
        assert code == 0, errors
        assert expected in shown
    assert "no change" in call("pull", *words)[1]
    assert "unchanged" in call("prepare", *words)[1]
    shop.put(order(10_000, "u0", "thing 1"))
    assert "1 new, changed or removed" in call("pull", *words)[1]
    assert "unchanged" not in call("prepare", *words)[1]
    assert "unchanged" in call("prepare", *words)[1]


def test_rows_are_read_as_those_of_a_file(call, shop, tmp_path):
    shop.put(order(10_000, 7, " a b/😀 "), {"id": 10_001, "sku": "thing 1"})
    described(call, "--strength", "")
    call("pull", "shop", "--artifacts", tmp_path / "artifacts")
    domain = DOMAINS["shop"].with_tables(tmp_path / "artifacts" / "shop" / "tables")
    table = domain.read_interactions(tmp_path, 0.1)
    pairs = set(zip(table.rows[USER_ID], table.rows[ITEM_ID], strict=True))
    assert ("7", "a b/😀") in pairs
    assert table.dropped == {"no user": 1}
    items = domain.read_items(tmp_path, 0.0).rows
    assert dict(zip(items[ITEM_ID], items[TITLE], strict=True))["thing 7"] == "Chair 7"


def test_a_row_that_cannot_be_read_is_named_by_table_and_primary_key(call, shop, tmp_path):
    shop.put(order(123, "u1", "thing 1", quantity="abc"), order("no\nnumber", quantity="def"))
    described(call, "--strength", "quantity")
    words = ("shop", "--artifacts", tmp_path / "artifacts")
    call("pull", *words)
    code, _, errors = call("prepare", *words, "--set", "clean.max_bad_rows=0")
    assert code == 1
    assert (
        "harperdb:shop.orders, id 123: expected a number as strength, found 'abc'. 2 of" in errors
    )
    assert "Correct the table, or allow more with --set clean.max_bad_rows=" in errors
    shop.delete(123)
    call("pull", *words)
    errors = call("prepare", *words, "--set", "clean.max_bad_rows=0")[2]
    assert r"harperdb:shop.orders, id 'no\nnumber': expected a number" in errors


def test_a_table_of_other_rows_is_asked_about(call, shop, tmp_path):
    shop.make("reviews")
    shop.put(*(order(n, quantity="good") for n in range(5)), table="reviews")
    new = ("new", "reviews", "--interactions", "harperdb:shop.reviews", "--user", "customer")
    assert call(*new, "--item", "sku", "--strength", "quantity", "--yes")[0] == 0
    words = ("reviews", "--artifacts", tmp_path / "artifacts")
    call("pull", *words)
    code, _, errors = call("prepare", *words)
    assert code == 1
    assert "harperdb:shop.reviews, id 0: expected a number as strength, found 'good'" in errors
    assert "Is this the right table? The columns of [interactions] in domain.toml" in errors


def test_rounds_count_what_no_round_has_learned(call, shop, tmp_path):
    described(call)
    words = ("shop", "--artifacts", tmp_path / "artifacts")
    folders = Folders(DOMAINS["shop"], tmp_path, tmp_path / "artifacts")
    assert rows_not_learned(folders) == 0
    call("pull", *words)
    assert rows_not_learned(folders) == len(list(likes())) + 24
    call("prepare", *words)
    assert rows_not_learned(folders) == 0
    shop.put(order(10_000), order(10_001))
    call("pull", *words)
    assert rows_not_learned(folders) == 2
    mark_rows_learned(folders, changes(folders))
    assert rows_not_learned(folders) == 0


def test_another_login_reads_the_tables(call, shop, monkeypatch, tmp_path):
    described(call)
    monkeypatch.setenv("HARPER_SOURCE_USERNAME", "reads")
    monkeypatch.setenv("HARPER_SOURCE_PASSWORD", "wrong")
    code, _, errors = call("pull", "shop", "--artifacts", tmp_path / "artifacts")
    assert code == 1
    assert "'reads'" in errors


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["harperdb:shop"], "--interactions harperdb:shop: expected harperdb:DATABASE.TABLE"),
        (["harperdb:shop.order"], "Did you mean harperdb:shop.orders?"),
        (["harperdb:shop.empty"], "harperdb:shop.empty: expected rows, found an empty table"),
        (["harperdb:shop.orders", "--user", "who"], "--user who: the columns are "),
        (["harperdb:shop.orders", "--project", "shop"], "choose another project"),
    ],
)
def test_what_cannot_be_described_is_explained(call, shop, tmp_path, words, message):
    shop.make("empty")
    code, _, errors = call("new", "shop", "--interactions", *words, "--yes")
    assert code == 1
    assert message in errors
    assert not (tmp_path / "datasets" / "shop" / "domain.toml").exists()


def test_files_are_not_pulled(call, shop):
    code, _, errors = call("pull", "songs")
    assert code == 1
    assert "songs reads files, and no HarperDB table" in errors
