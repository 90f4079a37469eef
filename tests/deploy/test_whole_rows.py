"""Every upsert writes every attribute.

Where it merges into the stored row, as in Harper 5, an attribute that is left out would keep the
value of an earlier row.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.fake_bundle import sign
from tests.harper_places import Place, fake_place
from training.bundle import open_bundle
from training.deploy import catalogue
from training.deploy.event_keys import ensure_event_key

SCHEMA = Path(__file__).parents[2] / "custom_functions" / "recommender" / "schema.graphql"


def attributes() -> dict[str, set[str]]:
    """Returns the declared attributes by table."""
    types = re.findall(r'table: "(\w+)"[^{]*\{(.*?)\n\}', SCHEMA.read_text("utf-8"), re.DOTALL)
    return {table: set(re.findall(r"^  (\w+):", body, re.MULTILINE)) for table, body in types}


@pytest.mark.parametrize("editions", [None, {"paperback": 1}])
def test_a_deploy_writes_every_declared_attribute_of_every_row(
    tmp_path: Path, editions: dict[str, int] | None
) -> None:
    declared = attributes()
    assert len(declared) == 7
    with fake_place(tmp_path) as place:
        for name in ("a", "b"):
            place.deploy(place.bundle(name, editions=editions))
        ensure_event_key(place.target.client, place.domain.database, answer_hours=24)
        assert place.fake is not None
        written = [
            (body["table"], row)
            for body in place.fake.received
            if body["operation"] in ("insert", "upsert")
            for row in body["records"]
        ]
    assert {table for table, _ in written} == set(declared) - {"events"}
    for table, row in written:
        assert declared[table] <= set(row), f"{table}: {sorted(declared[table] - set(row))}"


def test_an_attribute_that_a_new_catalogue_lacks_does_not_survive(place: Place) -> None:
    place.deploy(place.bundle("a"))
    folder = place.bundle("a", title="Renamed")
    path = folder / "items.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert rows[0].pop("artist")
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    sign(folder, json.loads((folder / "manifest.json").read_text("utf-8")))
    bundle = open_bundle(folder, place.domain.name)
    catalogue.push(place.target.client, place.domain.database, bundle)
    stored = {row["id"]: row for row in place.rows("items")}
    assert stored[rows[0]["id"]].get("artist") is None
    assert stored[rows[1]["id"]]["artist"] == rows[1]["artist"]
