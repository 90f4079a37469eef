"""The report: every strategy and baseline on the same users, and how sure it is."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import checkerboard
from training.evaluate import PER_USER
from training.examples import queries_of
from training.statistics import interval, resamples


@pytest.fixture(scope="module")
def report(board):
    return json.loads((board.report / "report.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def rows(report):
    return {row["method"]: row for row in report["rows"]}


def test_ours_and_the_baselines_stand_in_one_table(rows):
    kinds = {name: row["kind"] for name, row in rows.items()}
    assert {"voters", "nearest-user"} <= {name for name, kind in kinds.items() if kind == "ours"}
    assert {"popularity", "item-kNN"} <= {n for n, kind in kinds.items() if kind == "baseline"}


def test_every_metric_lies_within_0_and_1_and_within_its_interval(rows):
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


def test_a_difference_is_the_defaults_mean_less_the_others(report, rows):
    default = rows[report["default_strategy"]]
    assert "ndcg@20_minus" not in default
    for name, row in rows.items():
        if name != report["default_strategy"]:
            minus = row["ndcg@20_minus"]
            assert minus["mean"] == pytest.approx(default["ndcg@20"] - row["ndcg@20"], abs=1e-6)
            assert minus["low"] - 1e-6 <= minus["mean"] <= minus["high"] + 1e-6


def test_what_became_of_the_rows_is_told(report):
    assert report["data"]["songs"] == checkerboard.ITEMS
    assert report["data"]["listeners"] == checkerboard.USERS


@pytest.mark.parametrize("part", ["validation", "test"])
@pytest.mark.parametrize("count", [1, 3, 5])
def test_queries_are_of_the_parts_own_users_and_the_same_whoever_asks(board, part, count):
    data, config = checkerboard.data_of(board), checkerboard.config()
    one, other = (queries_of(data, part, count, config) for _ in range(2))
    assert (one.favourites == other.favourites).all()
    assert len(one) == (data.parts == {"validation": 1, "test": 2}[part]).sum()
    liked = data.liked(part)[one.users]
    shown = np.zeros(liked.shape)
    np.put_along_axis(shown, one.favourites, 1, axis=1)
    assert (shown + one.targets.toarray() == liked.toarray()).all()


def test_a_resample_draws_as_many_users_as_there_are():
    weights = resamples(50, 1)
    assert weights.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert weights * 50 == pytest.approx(np.round(weights * 50), abs=1e-4)
    assert (resamples(50, 1) == weights).all()
    assert (resamples(50, 2) != weights).any()


@settings(deadline=None, max_examples=20)
@given(st.lists(st.floats(0, 1), min_size=60, max_size=60))
def test_an_interval_surrounds_the_mean_and_stays_within_the_values(values):
    values = np.array(values)
    low, high = interval(values, resamples(60, 1))
    assert values.min() - 1e-5 <= low <= values.mean() + 1e-5
    assert values.mean() - 1e-5 <= high <= values.max() + 1e-5


def test_an_interval_is_as_wide_as_the_normal_distribution_says():
    values = np.random.default_rng(4).normal(0.5, 0.1, 400)
    low, high = interval(values, resamples(400, 1))
    expected = 2 * 1.96 * values.std() / np.sqrt(400)
    assert high - low == pytest.approx(expected, rel=0.1)


def test_whoever_is_surely_better_is_told_from_who_is_not():
    rng = np.random.default_rng(4)
    weights = resamples(300, 1)
    low, _ = interval(rng.normal(0.05, 0.1, 300), weights)
    assert low > 0
    low, high = interval(rng.normal(0.0, 0.1, 300), weights)
    assert low < 0 < high
