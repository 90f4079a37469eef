"""Rows that somebody else deletes or changes are detected and restored."""

from __future__ import annotations

from tests.harper_places import Place
from training.deploy import catalogue
from training.deploy.catalogue import DIGESTS, LAST, Damage, damage


def found(place: Place) -> Damage | None:
    return damage(place.target.client, place.domain.database)


def delete(place: Place, count: int) -> None:
    ids = sorted(row["id"] for row in place.rows("items"))[:count]
    place.target.client.delete(place.domain.database, "items", ids)


def test_a_catalogue_that_was_just_written_is_complete(place: Place) -> None:
    place.deploy(place.bundle("a"))
    assert found(place) == Damage(60, 0, False)
    assert not found(place)


def test_deleted_rows_are_counted_and_sent_again(place: Place) -> None:
    bundle = place.bundle("a")
    place.deploy(bundle)
    delete(place, 12)
    assert str(found(place)) == "12 of 60 catalogue rows are missing"
    again = place.deploy(bundle)
    assert (again.unchanged, again.rows_sent) == (True, 12)
    assert not found(place)


def test_a_row_with_another_digest_is_found_and_written_again(place: Place) -> None:
    bundle = place.bundle("a")
    place.deploy(bundle)
    row = place.rows("items")[0]
    place.write("items", row | {"title": "Changed", "digest": "0" * 16})
    assert found(place) == Damage(60, 0, True)
    assert place.deploy(bundle).rows_sent == 1
    assert not found(place)
    assert place.rows("items")[0]["title"] != "Changed"


def test_no_difference_is_reported_while_a_catalogue_is_being_written(place: Place) -> None:
    place.deploy(place.bundle("a"))
    place.target.client.delete(place.domain.database, DIGESTS, [LAST])
    delete(place, 12)
    assert found(place) is None


def test_the_summary_does_not_depend_on_the_order_of_the_rows() -> None:
    one, other = {"a": "1", "b": "2"}, {"b": "2", "a": "1"}
    assert catalogue.summary(one) == catalogue.summary(other)
    assert catalogue.summary(one) != catalogue.summary({"a": "2", "b": "1"})
