import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harper_places import Place, fake_place
from training.domains import DOMAINS
from training.pipeline.folders import Folders
from training.pipeline.round_summary import LONGEST, MOST, publish, summary
from training.pipeline.rounds import append_round

SOURCE = Path("custom_functions/recommender/lib/rounds.js").read_text(encoding="utf-8")


def done(number: int = 0, /, **more: Any) -> dict[str, Any]:
    return {
        "at": f"2026-11-24T10:{number:02}:00.000Z",
        "outcome": "unchanged",
        "new_events": number,
        "events": 100,
        "before": "a",
        "after": "a",
        "seconds": {"connect": 0.1, "all": 1.5},
    } | more


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with fake_place(tmp_path) as fake:
        fake.deploy(fake.bundle())
        yield fake


def test_the_latest_rounds_are_written_newest_first_beside_the_pointer(place: Place) -> None:
    folders = Folders(DOMAINS["songs"], place.folder, place.folder / "artifacts")
    pointer = place.models.pointer()
    for number in range(MOST + 5):
        append_round(folders, done(number))
    for _ in range(2):
        publish(place.models, folders, "ann")
    assert place.models.pointer() == pointer
    [row] = [row for row in place.rows("current") if row["id"] == "rounds"]
    assert [one["new_events"] for one in row["rounds"]] == [*range(MOST + 4, 4, -1)]
    assert set(row) >= {"id", "version", "at", "by", "forced", "history", "rounds"}
    assert row["by"] == "ann"


def test_a_round_without_a_model_says_nothing_of_figures() -> None:
    shown = summary(done(3))
    assert (shown["outcome"], shown["new_events"], shown["seconds"]) == ("unchanged", 3, 1.5)
    nothing = ("stage", "reason", "ndcg@20", "ndcg@20_before", "people")
    assert [shown[name] for name in nothing] == [None] * 5


def test_figures_are_those_of_the_comparison_or_else_of_the_report() -> None:
    gate = {"people": 150, "new": 0.44, "current": 0.45, "difference": -0.01}
    figures: dict[str, Any] = {"test_ndcg@20": 0.5, "objections": ["a", "b"]}
    names = ("ndcg@20", "ndcg@20_before", "people")
    compared = summary(done(**figures, gate=gate))
    assert [compared[name] for name in names] == [0.44, 0.45, 150]
    assert compared["reason"] == "a; b"
    alone = summary(done(**figures, gate="the two cannot be compared now"))
    assert [alone[name] for name in names] == [0.5, None, None]


def test_the_reason_of_a_failure_is_bounded() -> None:
    shown = summary(done(outcome="failed", stage="train", error="x" * 5000))
    assert (shown["stage"], len(shown["reason"])) == ("train", LONGEST)
    assert len(json.dumps([shown] * MOST)) < 16_000


def test_both_languages_agree_on_names_and_bounds() -> None:
    names = set(summary(done()))
    lists = re.findall(r"^const (?:TEXTS|NUMBERS) = \[(.*?)\];", SOURCE, re.MULTILINE | re.DOTALL)
    assert len(lists) == 2
    assert names == set(re.findall(r"'(.+?)'", " ".join(lists)))
    assert f"MOST_ROUNDS = {MOST};" in SOURCE
    assert f"LONGEST_TEXT = {LONGEST};" in SOURCE
