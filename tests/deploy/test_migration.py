"""Databases of earlier releases: their rows are moved once, their tables are dropped."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.harper_places import Place, wait_for
from training.deploy.catalogue import DIGESTS, damage
from training.errors import HarperRefused

pytestmark = pytest.mark.slow


def make_old(place: Place, *, until: float = 0.0, host: str = "elsewhere") -> None:
    """Gives the database the tables of an earlier release."""
    client, database = place.target.client, place.domain.database
    for table, columns in (
        ("deploys", {"id": "ID", "by": "String", "host": "String", "pid": "Int", "until": "Float"}),
        ("catalogue", {"id": "ID", "digest": "String", "rows": "Int", "ids": "String"}),
    ):
        attributes = [{"name": name, "type": kind} for name, kind in columns.items()]
        client.operation(
            "create_table",
            database=database,
            table=table,
            primary_key="id",
            attributes=attributes,
        )
    for row in place.rows(DIGESTS):
        write_soon(place, "catalogue", {k: v for k, v in row.items() if v and k != "summary"})
    client.delete(database, DIGESTS, [row["id"] for row in place.rows(DIGESTS)])
    old = {"id": "turn-7", "by": "Ann", "host": host, "pid": 1, "until": until}
    write_soon(place, "deploys", old)


def write_soon(place: Place, table: str, row: dict[str, Any]) -> None:
    """Writes into a table that was just created, and dropped before: workers learn of both late."""

    def is_written() -> bool:
        try:
            place.write(table, row)
        except HarperRefused as error:
            if "does not exist" not in error.message:
                raise
            return False
        return True

    wait_for(is_written)


def tables(place: Place) -> set[str]:
    found = set()
    for table in ("deploys", "catalogue", "locks", DIGESTS):
        try:
            place.rows(table)
        except HarperRefused:
            continue
        found.add(table)
    return found


def test_the_old_tables_are_moved_and_dropped(place: Place) -> None:
    bundle = place.bundle("a")
    place.deploy(bundle)
    make_old(place)
    assert tables(place) == {"deploys", "catalogue", "locks", DIGESTS}
    again = place.deploy(bundle)
    assert (again.unchanged, again.rows_sent) == (True, 0)
    assert tables(place) == {"locks", DIGESTS}
    assert damage(place.target.client, place.domain.database) is not None
    assert place.deploy(bundle).unchanged


def test_rows_that_only_an_old_catalogue_had_are_still_removed(place: Place) -> None:
    place.deploy(place.bundle("a", items=90))
    make_old(place)
    ids = {row["id"] for row in place.rows("items")}
    for name in "bcdefg":
        place.deploy(place.bundle(name))
    assert ids - {row["id"] for row in place.rows("items")}


def test_a_deploy_of_an_earlier_release_is_waited_for(place: Place) -> None:
    place.deploy(place.bundle("a"))
    make_old(place, until=time.time() + 50)
    with pytest.raises(HarperRefused, match=r"Ann on elsewhere.*earlier release"):
        place.deploy(place.bundle("b"))
    place.write("deploys", {"id": "turn-7", "until": 0.0})
    assert place.deploy(place.folder / "b").is_on_all_nodes


def test_an_old_lock_from_before_the_clock_was_set_back_does_not_block(place: Place) -> None:
    place.deploy(place.bundle("a"))
    make_old(place, until=time.time() + 86_400)
    assert place.deploy(place.bundle("b")).is_on_all_nodes
