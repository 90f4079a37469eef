"""The report: every strategy and baseline on the same users, with intervals."""

import json
import shutil

import numpy as np
import pytest

from tests import checkerboard
from training.data.examples import queries_of
from training.evaluation import sampling
from training.evaluation.baselines import BASELINES
from training.evaluation.evaluate import DIVERSITIES, FAVOURITES
from training.evaluation.summary import PER_USER
from training.evaluation.variety_scale import weight_of
from training.pipeline.folders import Folders

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def report(board):
    return json.loads((board.report / "report.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def rows(report):
    return {row["method"]: row for row in report["rows"]}


def test_our_strategies_and_the_baselines_are_in_one_table(rows):
    kinds = {name: row["kind"] for name, row in rows.items()}
    ours = {name for name, kind in kinds.items() if kind == "ours"}
    assert ours == {"items", "voters", "nearest-user"}
    assert set(kinds) - ours == {baseline.name for baseline in BASELINES}


def test_a_baseline_is_listed_with_a_setting_of_its_grid(rows):
    for baseline in BASELINES:
        row = rows[baseline.name]
        assert row["settings"] in baseline.grid
        assert row["content"] == baseline.uses_content
        assert 0 <= row["validation_ndcg@20"] <= 1


def test_our_strategies_are_listed_with_their_settings_times_and_use_of_content(board, rows):
    noted = json.loads((board.model / "history.json").read_text())["strategies"]
    for name in ("items", "voters", "nearest-user"):
        row = {key: rows[name][key] for key in ("settings", "fit_seconds", "content")}
        assert row == noted[name]
        assert row["fit_seconds"] > 0
        assert row["content"] == (name == "items")
    assert rows["voters"]["settings"]["voters"] > 0


def test_every_metric_is_between_0_and_1_and_within_its_interval(rows):
    for row in rows.values():
        assert 0 <= row["coverage@20"] <= 1
        for metric in PER_USER:
            low, mean, high = row[f"{metric}_low"], row[metric], row[f"{metric}_high"]
            assert -1e-6 <= low <= mean + 1e-6
            assert mean <= high + 1e-6 <= 1 + 1e-5


def test_learning_beats_popularity_by_more_than_chance(rows):
    assert rows["voters"]["ndcg@20_low"] > rows["popularity"]["ndcg@20_high"]
    # Half of the popular items have the other colour.
    assert rows["voters"]["recall@10"] > 0.9 > rows["popularity"]["recall@10"]


def test_the_default_is_the_best_of_ours_on_validation_users(report, rows):
    ours = {n: r["validation_ndcg@20"] for n, r in rows.items() if r["kind"] == "ours"}
    assert ours[report["default_strategy"]] == max(ours.values())


def test_a_difference_is_the_defaults_mean_minus_the_others(report, rows):
    default = rows[report["default_strategy"]]
    assert "ndcg@20_minus" not in default
    for name, row in rows.items():
        if name != report["default_strategy"]:
            minus = row["ndcg@20_minus"]
            assert minus["mean"] == pytest.approx(default["ndcg@20"] - row["ndcg@20"], abs=1e-6)
            assert minus["low"] - 1e-6 <= minus["mean"] <= minus["high"] + 1e-6


def test_the_report_counts_the_rows_that_were_read_kept_and_dropped(report):
    assert report["data"]["songs"] == checkerboard.ITEMS
    assert report["data"]["listeners"] == checkerboard.USERS


@pytest.mark.parametrize("part", ["validation", "test"])
@pytest.mark.parametrize("count", [1, 3, 5])
def test_queries_are_of_the_parts_own_users_and_the_same_for_every_caller(board, part, count):
    data, config = checkerboard.data_of(board), checkerboard.config()
    one, other = (queries_of(data, part, count, config) for _ in range(2))
    assert (one.favourites == other.favourites).all()
    assert len(one) == (data.parts == {"validation": 1, "test": 2}[part]).sum()
    liked = data.liked(part)[one.users]
    shown = np.zeros(liked.shape)
    np.put_along_axis(shown, one.favourites, 1, axis=1)
    assert (shown + one.targets.toarray() == liked.toarray()).all()


def test_quality_is_reported_for_every_number_of_favourites_and_method(report, rows):
    table = report["by_favourites"]
    assert {row["favourites"] for row in table} == set(FAVOURITES)
    for count in FAVOURITES:
        mine = {row["method"]: row for row in table if row["favourites"] == count}
        assert set(mine) == set(rows)
        for name, row in mine.items():
            assert 0 <= row["low"] <= row["ndcg@20"] + 1e-6 <= row["high"] + 2e-6
            assert ("minus" in row) == (name != report["default_strategy"])
    three = {row["method"]: row for row in table if row["favourites"] == 3}
    assert all(three[name]["ndcg@20"] == pytest.approx(rows[name]["ndcg@20"]) for name in rows)


def test_variety_is_reported_for_every_diversity_and_similarity_falls(report):
    table = report["variety"]
    assert [row["diversity"] for row in table] == list(DIVERSITIES)
    scale = report["variety_scales"][report["default_strategy"]]
    assert [row["weight"] for row in table] == [weight_of(d, scale) for d in DIVERSITIES]
    assert table[-1]["one_creator@10"] <= table[0]["one_creator@10"]
    assert table[-1]["similarity@10"] <= table[0]["similarity@10"]


def test_recall_of_new_items_is_reported_beside_the_same_creators_items_and_chance(report):
    found = report["new_items"]
    assert found["hidden"] == round(checkerboard.ITEMS * 0.1)
    # Among so few, the first hundred would be all of them.
    assert found["cut"] == 1
    assert found["users"] > 0
    assert {"items", "same creator", "random"} <= set(found["methods"])
    for row in found["methods"].values():
        recall = row[f"recall@{found['cut']}"]
        assert 0 <= row["low"] <= recall + 1e-6 <= row["high"] + 2e-6 <= 1 + 1e-5


def test_the_manifest_contains_the_reports_quality_but_no_times(report, rows):
    summary = report["summary"]
    assert {row["method"] for row in summary["rows"]} == set(rows)
    assert "seed 20, validation_share 0.1" in summary["split"]
    for row in summary["rows"]:
        assert row["ndcg@20"] == pytest.approx(rows[row["method"]]["ndcg@20"], abs=5e-5)
        assert "fit_seconds" not in row


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def copied(board, folder) -> Folders:
    """Returns folders with a copy of the checkerboard's artifacts."""
    shutil.copytree(board.artifacts, folder / "artifacts")
    return Folders(board.domain, board.raw, folder / "artifacts")


def test_all_users_and_every_peer_are_measured_if_the_catalogue_is_small(report):
    assert report["left_out"] == []
    for part in report["sampling"].values():
        assert part["users"] == part["of"] > 0
    assert "sampled" not in report["summary"]["split"]


@pytest.mark.slow
def test_a_sample_of_the_users_is_measured_if_the_catalogue_is_large(board, tmp_path, monkeypatch):
    monkeypatch.setattr(sampling, "QUICK_CELLS", checkerboard.ITEMS * 7)
    monkeypatch.setattr(sampling, "LEAST_USERS", 1)
    folders = copied(board, tmp_path)
    checkerboard.run(folders, "evaluate", more=("evaluate.quick=true",))
    found = read(folders.report / "report.json")
    for part in found["sampling"].values():
        assert part["users"] == 7 < part["of"]
    assert found["summary"]["users"] == 7
    assert found["summary"]["split"].endswith("sampled 7")
    assert {row["users"] for row in found["by_favourites"]} == {7}
    assert "random sample" in (folders.report / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_a_quick_evaluation_leaves_out_the_slow_baselines_and_new_items_and_says_so(
    board, report, tmp_path
):
    folders = copied(board, tmp_path)
    checkerboard.run(folders, "evaluate", more=("evaluate.quick=true",))
    found = read(folders.report / "report.json")
    # The test users have been measured once more, but not by an unchanged run.
    assert (report["test_measurements"], found["test_measurements"]) == (1, 2)
    checkerboard.run(folders, "evaluate", more=("evaluate.quick=true",))
    assert read(folders.report / "report.json")["test_measurements"] == 2
    assert "2 times" in (folders.report / "MODEL_CARD.md").read_text(encoding="utf-8")
    measured = {row["method"] for row in found["rows"] if row["kind"] == "baseline"}
    assert measured == {baseline.name for baseline in BASELINES if not baseline.slow}
    assert "new_items" not in found
    slow = [baseline.name for baseline in BASELINES if baseline.slow]
    assert [one["what"] for one in found["left_out"]] == [*slow, "new items"]
    assert all("evaluate.quick" in one["reason"] for one in found["left_out"])
    text = (folders.report / "MODEL_CARD.md").read_text(encoding="utf-8")
    for name in slow:
        assert f"- {name}: " in text
