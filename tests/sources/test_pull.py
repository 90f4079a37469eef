"""On the fake and on a real HarperDB: each row once, whatever happens meanwhile."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.sources.shop import BEGAN_MS, DATABASE, DAY_MS, ORDERS, Shop, order
from training.errors import ConfigError, DataError, HarperRefused, HarperUnavailable
from training.harper.client import HarperClient, Patience
from training.sources import store as stored
from training.sources.pull import pull
from training.sources.store import RUNNING, TableStore

LONG = "x" * 200


@pytest.fixture
def shop(place, tmp_path):
    return Shop(place, tmp_path)


def test_every_row_comes_once_whatever_its_key_and_its_values_are(shop):
    keys = [-5, 0, 3.5, 10, 100, "", "10", "a b", "a/b", "ü", "😀", LONG]
    shop.put(*(order(key, f"u{place}", "a b/ü😀") for place, key in enumerate(keys)))
    pulled = shop.pull(page_rows=3, flush_rows=4)
    assert (pulled.read, pulled.changed, pulled.rows) == (12, 12, 12)
    assert shop.rows() == sorted((f"u{place}", "a b/ü😀") for place in range(12))


def test_values_are_text_and_missing_ones_are_empty(shop):
    shop.put(
        order(1, 7, 12.0, more={"id": "x", "tags": ["a", "b"]}, is_new=True),
        order(2, None, "s", more={"id": 0.5}),
        {"id": 3, "sku": "\ud83d (half a pair)"},
    )
    columns = ("customer", "sku", "more.id", "more.tags", "is_new")
    shop.pull(*columns)
    # HarperDB itself replaces each byte of a half.
    found = [tuple(re.sub("�+", "�", text) for text in row) for row in shop.rows(*columns)]
    assert found == [
        ("", "s", "0.5", "", ""),
        ("", "� (half a pair)", "", "", ""),
        ("7", "12", "x", '["a", "b"]', "true"),
    ]


def test_a_second_pull_without_times_finds_what_was_added_changed_and_removed(shop):
    shop.put(*(order(n, f"u{n}") for n in range(20)))
    assert shop.pull(page_rows=7).changed == 20
    files = shop.table().files(shop.folder)
    assert shop.pull(page_rows=6).changed == 0
    assert shop.table().files(shop.folder) == files
    shop.put(order(3, "changed"), order(20, "new"))
    shop.delete(4)
    assert shop.pull().changed == 3
    assert len(shop.rows()) == 20
    assert {("changed", "a"), ("new", "a")} < set(shop.rows())
    assert not {("u3", "a"), ("u4", "a")} & set(shop.rows())


def test_with_times_only_what_came_since_the_last_pull_is_read(shop):
    columns, options = ("customer", "at"), {"time": "at"}
    shop.put(*(order(n, f"u{n}", at=BEGAN_MS + n * DAY_MS) for n in range(10)))
    first = shop.pull(*columns, **options)
    assert (first.read, first.since) == (10, None)
    second = shop.pull(*columns, **options)
    assert (second.read, second.changed) == (2, 0)
    late = order(10, "late", at=BEGAN_MS + 8 * DAY_MS + 1)
    shop.put(late, order(9, "changed", at=BEGAN_MS + 9 * DAY_MS), order(3, "missed", at=BEGAN_MS))
    third = shop.pull(*columns, **options)
    assert (third.read, third.changed, third.rows) == (3, 2, 11)
    people = [row[0] for row in shop.rows(*columns, **options)]
    assert {"late", "changed", "u3"} < set(people)
    assert len(people) == 11
    again = shop.pull(*columns, full=True, **options)
    assert (again.read, again.changed, again.since) == (11, 1, None)
    assert "missed" in {row[0] for row in shop.rows(*columns, **options)}


@pytest.mark.parametrize(
    "text", ["2025-11-{:02}", "2025-11-{:02}T10:00:00.000Z", "2025-11-{:02} 10:00:00"]
)
def test_times_may_be_texts(shop, text):
    shop.put(*(order(n, at=text.format(n)) for n in range(1, 21)))
    shop.pull("customer", "at", time="at")
    shop.put(order(21, at=text.format(20)), order(22, at=text.format(21)))
    second = shop.pull("customer", "at", time="at")
    assert (second.changed, second.rows) == (2, 22)
    assert second.read < 6


def test_what_is_no_time_or_lies_ahead_does_not_hide_new_rows(shop):
    ahead = 4_000_000_000_000
    shop.put(order(1, at="soon"), order(2, at=BEGAN_MS), order(3, at=ahead), order(4, at=None))
    shop.pull("customer", "at", time="at")
    shop.put(order(5, at=BEGAN_MS + 5))
    second = shop.pull("customer", "at", time="at")
    assert (second.changed, second.rows) == (1, 5)


def test_times_that_nobody_can_read_make_every_pull_a_full_one(shop):
    shop.put(order(1, at="24/11/2025"))
    shop.pull("customer", "at", time="at")
    shop.put(order(2, at="23/11/2025"))
    second = shop.pull("customer", "at", time="at")
    assert (second.read, second.changed, second.since) == (2, 1, None)


def test_many_pulls_leave_few_files(shop, monkeypatch):
    monkeypatch.setattr(stored, "MOST_FILES", 3)
    for n in range(6):
        shop.put(order(n, f"u{n}", at=BEGAN_MS + n))
        shop.pull("customer", "at", time="at")
    assert len(shop.rows("customer", "at", time="at")) == 6
    assert len(list((shop.folder / "interactions").glob("*.parquet"))) <= 3


def test_a_table_that_changes_while_it_is_read_is_complete_after_the_next_pull(shop):
    shop.put(*(order(n, f"u{n}") for n in range(0, 100, 2)))

    def meanwhile(rows):
        shop.put(order(rows, f"new {rows}"), order(1, "behind"))
        shop.delete(0, 98)

    shop.pull(page_rows=10, progress=meanwhile)
    found = [row[0] for row in shop.rows()]
    assert len(found) == len(set(found))
    assert "u98" not in found
    shop.pull()
    found = [row[0] for row in shop.rows()]
    assert "behind" in found
    assert "u0" not in found


def unlucky(shop, page):
    """Returns a client whose node goes away at a page."""
    client = HarperClient(shop.place.config, patience=Patience(attempts=1))
    operation, asked = client.operation, []

    def answered(name, **fields):
        if name == "search_by_conditions":
            asked.append(fields)
            if len(asked) > page:
                raise HarperUnavailable(name, "the node does not answer")
        return operation(name, **fields)

    client.operation = answered
    return client


def test_a_pull_goes_on_after_the_node_was_away(shop):
    shop.put(*(order(n, f"u{n}") for n in range(50)))
    options = {"page_rows": 10, "flush_rows": 20}
    with pytest.raises(HarperUnavailable, match="31 rows are kept: the same command continues"):
        pull(unlucky(shop, 3), shop.table(), shop.folder, **options)
    seen = []
    pulled = shop.pull(progress=seen.append, **options)
    assert seen == [41, 50]
    assert (pulled.read, pulled.rows) == (50, 50)
    assert shop.rows() == sorted((f"u{n}", "a") for n in range(50))


def test_what_a_killed_pull_wrote_last_counts_once(shop):
    shop.put(*(order(n, f"u{n}") for n in range(30)))
    with pytest.raises(HarperUnavailable):
        pull(unlucky(shop, 2), shop.table(), shop.folder, page_rows=10, flush_rows=10)
    kept = TableStore(shop.table().folder(shop.folder))
    # Killed after a file was written, and before it was noted.
    note = kept.folder / RUNNING
    before = note.read_text()
    kept.append(kept.running(), stored.pq.read_table(kept.folder / "rows-000001.parquet"), 9, None)
    note.write_text(before)
    shop.pull()
    assert shop.rows() == sorted((f"u{n}", "a") for n in range(30))
    assert not list(kept.folder.glob("*.partial"))


def test_a_pull_of_other_columns_or_in_full_does_not_continue(shop):
    shop.put(*(order(n, f"u{n}") for n in range(30)))
    for columns, options in ((("sku",), {}), ((), {"full": True})):
        with pytest.raises(HarperUnavailable):
            pull(unlucky(shop, 1), shop.table(), shop.folder, page_rows=10)
        assert shop.pull(*columns, **options).read == 30
    with pytest.raises(DataError, match=r"found those of harperdb:shop\.orders as domain\.toml"):
        shop.rows("customer")


def test_an_empty_table_is_an_error_and_what_was_pulled_before_stays(shop):
    with pytest.raises(DataError, match=r"harperdb:shop\.orders: expected rows, found an empty"):
        shop.pull()
    with pytest.raises(DataError, match=r"expected pulled rows, found none\. Run `harperdb-rec"):
        shop.rows()
    shop.put(order(1))
    shop.pull()
    shop.delete(1)
    with pytest.raises(DataError, match="an empty table"):
        shop.pull()
    assert len(shop.rows()) == 1


def test_wrong_names_are_explained(shop):
    shop.put(order(1))
    with pytest.raises(DataError, match=r"a column 'custome', .* Did you mean 'customer'"):
        shop.pull("custome", "sku")
    with pytest.raises(ConfigError, match=r"Did you mean harperdb:shop\.orders\?"):
        shop.pull(table="order")
    if shop.place.fake is None:
        wrong = shop.table(table=ORDERS)
        object.__setattr__(wrong, "database", "nowhere")
        with pytest.raises(ConfigError, match=r"nowhere.*does not exist.*shop\.orders"):
            pull(shop.client, wrong, shop.folder)


@pytest.mark.parametrize("kind", ["Int", "Long", "Float", "String", "ID", "Any"])
@pytest.mark.e2e
def test_keys_may_have_any_declared_type(real_place, tmp_path, kind):
    shop = Shop(real_place, tmp_path)
    attributes = [{"name": "id", "type": kind}, {"name": "customer", "type": "String"}]
    # A table of its own: workers learn late that a table was dropped and made with other types.
    typed = f"typed_{kind.lower()}"
    shop.make(typed, attributes=attributes)
    keys = {
        "Int": [-7, 1, 2, 30],
        "Long": [-7, 1, 2**40],
        "Float": [-1.5, 0, 2.25],
        "Any": [-1, 2, "a", "b c"],
        "ID": ["10", "2", "a", "false"],
    }.get(kind, ["", "10", "2", "false", "g"])
    shop.put(*({"id": key, "customer": f"u{n}"} for n, key in enumerate(keys)), table=typed)
    pulled = shop.pull("customer", table=typed, page_rows=1)
    assert (pulled.read, pulled.changed) == (len(keys), len(keys))


@pytest.mark.e2e
def test_a_key_by_which_nobody_can_page_is_refused(real_place, tmp_path):
    shop = Shop(real_place, tmp_path)
    shop.make("dates", attributes=[{"name": "id", "type": "Date"}])
    rows = [{"id": f"2025-11-{day:02}T10:00:00.000Z", "sku": "a"} for day in range(1, 8)]
    shop.put(*rows, table="dates")
    with pytest.raises(DataError, match=r"expected a primary key by which HarperDB can page"):
        shop.pull("id", table="dates", page_rows=3)


@pytest.mark.e2e
def test_declared_dates_without_an_index_are_read_from_the_last_pull_on(real_place, tmp_path):
    shop = Shop(real_place, tmp_path)
    kinds = {"id": "Int", "customer": "String", "at": "Date"}
    shop.make("dated", attributes=[{"name": name, "type": kind} for name, kind in kinds.items()])
    rows = [order(n, at=f"2025-11-{n + 1:02}T10:00:00.000Z") for n in range(20)]
    shop.put(*rows[:19], table="dated")
    shop.pull("customer", "at", time="at", table="dated")
    shop.put(rows[19], table="dated")
    second = shop.pull("customer", "at", time="at", table="dated")
    assert (second.read, second.changed, second.rows) == (3, 1, 20)


@pytest.mark.e2e
def test_a_user_without_the_right_is_refused_by_name(real_place, tmp_path):
    shop = Shop(real_place, tmp_path)
    shop.put(order(1))
    for operation, fields in (
        ("add_role", {"role": "nothing", "permission": {"super_user": False}}),
        ("add_user", {"username": "n", "password": "pw", "role": "nothing", "active": True}),
    ):
        shop.client.operation(operation, **fields)
    client = HarperClient(replace(real_place.config, username="n", password="pw"))
    with pytest.raises(HarperRefused, match=rf"harperdb:{DATABASE}\.orders: 'n' may not read it"):
        pull(client, shop.table(), shop.folder)
