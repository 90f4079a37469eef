"""A catalogue of the full data's size: it loads with progress, and the next time only changes
travel.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.fake_bundle import change_manifest
from tests.harper_places import Place
from training.bundle import open_bundle
from training.deploy import catalogue
from training.harper.local.node import PROJECT_ROOT

pytestmark = pytest.mark.e2e

ROWS = 130_000


def test_a_hundred_and_thirty_thousand_rows_load_and_only_changes_follow(
    real_place: Place, tmp_path: Path
) -> None:
    place = real_place
    place.folder = tmp_path
    place.empty()
    place.deploy(place.bundle("small"))  # makes the tables, if this test is the first
    folder = place.bundle("large", items=ROWS, results=1110)
    client, database = place.target.client, place.domain.database
    seen: list[tuple[int, int]] = []
    begin = time.monotonic()
    pushed = catalogue.push(
        client, database, open_bundle(folder, "songs"), lambda done, all_: seen.append((done, all_))
    )
    took = {"all_rows_s": time.monotonic() - begin}
    assert pushed.rows == ROWS
    assert len(place.rows("items")) >= ROWS
    assert seen == sorted(seen)
    assert seen[-1] == (pushed.sent, pushed.sent)
    assert len(seen) > 50

    lines = (folder / "items.jsonl").read_text().splitlines()
    for number in range(0, ROWS, 1000):
        lines[number] = json.dumps(json.loads(lines[number]) | {"title": "Changed"})
    (folder / "items.jsonl").write_text("\n".join(lines) + "\n")
    change_manifest(folder)
    begin = time.monotonic()
    assert catalogue.push(client, database, open_bundle(folder, "songs")).sent == ROWS // 1000
    took["changed_rows_s"] = time.monotonic() - begin
    begin = time.monotonic()
    assert catalogue.push(client, database, open_bundle(folder, "songs")).sent == 0
    took["unchanged_s"] = time.monotonic() - begin

    (PROJECT_ROOT / "test-results").mkdir(exist_ok=True)
    (PROJECT_ROOT / "test-results" / "catalogue.json").write_text(json.dumps(took, indent=1))
    place.deploy(place.bundle("small"))  # a deploy tidies up: no kept version knows these rows
    assert len(place.rows("items")) == 60
