"""The split by time: fitted to the past alone, it finds what came later, and disagreements show."""

from dataclasses import replace

import numpy as np
import pytest

from tests import checkerboard
from training.data.time_split import split_by_time
from training.domains.domain import TIME
from training.evaluation import by_time, card
from training.pipeline.folders import read_json

pytestmark = pytest.mark.slow

CONFIG = checkerboard.config("train.max_steps=40", "items.epochs=3")


@pytest.fixture(scope="module")
def report(board):
    return read_json(board.report / "report.json")


@pytest.fixture(scope="module")
def timed(board):
    """The checkerboard; its likes were made in random order, one a minute."""
    data = checkerboard.data_of(board)
    order = np.random.default_rng(4).permutation(len(data.interactions))
    times = 1_700_000_000.0 + 60 * order
    return replace(data, interactions=data.interactions.assign(**{TIME: times}))


@pytest.fixture(scope="module")
def found(board, report, timed):
    few = ("items", "voters", "nearest-user", "popularity", "item-kNN")
    rows = [row for row in report["rows"] if row["method"] in few]
    some = report | {"rows": rows}
    return by_time.measure(board.domain, timed, some, CONFIG, progress=lambda *_: None)


def test_every_method_is_asked_about_what_came_later(found, report):
    assert found["moment"].startswith("2023-11-1")
    assert found["users"] > 50
    assert found["new_targets"] == 0
    rows = {row["method"]: row for row in found["rows"]}
    assert list(rows) == [row["method"] for row in report["rows"] if row["method"] in rows]
    for method in ("items", "item-kNN"):
        assert rows[method]["ndcg@20"] > rows["popularity"]["ndcg@20"] + 0.1
    assert all(row["ndcg@20_low"] <= row["ndcg@20"] <= row["ndcg@20_high"] for row in rows.values())
    default = report["default_strategy"]
    assert [name for name, row in rows.items() if "ndcg@20_minus" not in row] == [default]


def test_nobody_is_recommended_what_he_liked_before(timed):
    split = split_by_time(timed, 3, np.random.default_rng(2), max_users=20)
    lists = []

    def ranker(favourites, results):
        # All known items first, then the targets: without the former, every list is perfect.
        targets = [row.indices for row in split.queries.targets]
        ranked = [np.append(k[k >= 0], t) for k, t in zip(split.known, targets, strict=True)]
        for row in ranked:
            lists.append(np.append(row, np.full(results - len(row), -1)))
        return np.array(lists, np.int32)

    report = {"rows": [{"method": "own", "kind": "baseline"}], "default_strategy": "own"}
    (measured,) = by_time._rows({"own": ranker}, split, report, CONFIG)
    assert (split.known >= 0).any(axis=1).all()
    assert measured["ndcg@20"] == pytest.approx(1)


def test_the_card_shows_both_splits_side_by_side(board, report, found):
    whole = report | {"by_time": found | {"disagreements": []}}
    whole["rows"] = [
        r for r in report["rows"] if r["method"] in {f["method"] for f in found["rows"]}
    ]
    source = read_json(board.prepared / "source.json")
    text = card._card(board.domain, whole, source)
    part = text.split("### By time")[1].split("### New")[0]
    assert "NDCG@20 by people" in part
    assert part.count("| popularity") == 1
    assert "Both splits agree." in part
    whole["by_time"] = found | {"disagreements": ["a is best by people, b by time."]}
    assert "- a is best by people, b by time.\n" in card._card(board.domain, whole, source)


def row(method, ndcg, low=None, high=None):
    lead = None if low is None else {"mean": (low + high) / 2, "low": low, "high": high}
    return {"method": method, "ndcg@20": ndcg} | ({"ndcg@20_minus": lead} if lead else {})


def test_another_winner_and_another_lead_are_disagreements():
    people = [row("items", 0.3), row("kNN", 0.2, 0.05, 0.15), row("popular", 0.1, 0.1, 0.3)]
    time = [row("items", 0.2), row("kNN", 0.21, -0.05, 0.03), row("popular", 0.1, 0.05, 0.15)]
    assert by_time.disagreements(people, people, "items") == []
    assert by_time.disagreements(people, time, "items") == [
        "items is best by people, kNN by time.",
        "items leads kNN by people, and does not differ clearly from it by time.",
    ]
