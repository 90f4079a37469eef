"""Outer splits: nothing that is fitted knows the people, and differences are pooled by person."""

import numpy as np
import pandas as pd
import pytest

from tests import checkerboard
from training.config import Config
from training.data import cleaning
from training.data.examples import PAD
from training.domains import DOMAINS
from training.domains.domain import USER_ID
from training.errors import DataError
from training.evaluation import outer, outer_table
from training.evaluation.baselines.peer import Baseline
from training.evaluation.baselines.simple import popularity

SONGS = DOMAINS["songs"]


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    return checkerboard.write(tmp_path_factory.mktemp("outer"))


def taken(raw, seed=1, config=None):
    return outer.without_some(SONGS, raw, config or Config(), seed)


def test_the_people_who_are_taken_away_are_in_nothing_that_is_read(raw):
    left, held = taken(raw)
    people = set(held.people)
    assert len(people) == 24
    rows = left.read_interactions(raw, 0.0).rows
    assert not people & set(rows[USER_ID].astype(str))
    whole = SONGS.read_interactions(raw, 0.0).rows
    assert len(rows) + len(held.people) == len(whole)


def test_another_seed_takes_other_people_and_the_same_seed_the_same(raw):
    one, again, other = (set(taken(raw, seed)[1].people) for seed in (1, 1, 2))
    assert one == again != other


def test_where_nobody_likes_enough_there_is_nothing_to_measure(raw):
    with pytest.raises(DataError, match="people"):
        taken(raw, config=Config().with_settings(["split.min_liked=100"]))


def test_a_like_is_shown_or_held_back_and_unknown_items_are_targets_only(raw):
    left, held = taken(raw)
    data, _ = cleaning.build(left, raw, Config().clean, Config().split)
    held = outer.Held(
        np.append(held.people, [held.people[0]] * 2), np.append(held.items, ["never", "heard"])
    )
    queries, people = outer.asked(held, data, 3, seed=1)
    likes = pd.Series(held.items).groupby(held.people).nunique()
    shown = (queries.favourites >= 0).sum(axis=1)
    assert queries.favourites.max() < len(data.items)
    back = np.diff(queries.targets.indptr)
    mine = people == held.people[0]
    assert (back[~mine] + shown[~mine] == likes.reindex(people).to_numpy()[~mine]).all()
    # Of two items that nothing knows, those that were not drawn as favourites can be targets only.
    unknown = (queries.targets.indices >= len(data.items)).sum()
    assert unknown + (3 - shown).sum() == 2


def test_where_no_favourite_is_known_popular_items_are_the_answer_as_on_a_node():
    def nothing(favourites, *, results):
        return np.full((len(favourites), results), PAD)

    asked = np.array([[PAD, PAD], [4, PAD], [4, 2]])
    lists = outer.as_served(nothing)(asked, results=3)
    assert lists.tolist() == [[0, 1, 2], [PAD] * 3, [PAD] * 3]


def test_the_interval_counts_a_person_of_several_splits_once():
    rng = np.random.default_rng(4)
    differences = pd.Series(rng.normal(0.1, 1, 200))
    alone = pd.Series(np.arange(200).astype(str))
    low, high = outer_table.pooled_interval(differences, alone)
    assert low < differences.mean() < high
    # The same answers five times over are no further evidence.
    five = pd.concat([differences] * 5, ignore_index=True)
    again = outer_table.pooled_interval(five, pd.concat([alone] * 5, ignore_index=True))
    assert again == pytest.approx((low, high), abs=1e-5)


def test_the_table_shows_the_lead_its_interval_and_the_ratio():
    rows = [
        {"seed": seed, "person": f"P{n}", "favourites": 3, "method": method, "ndcg@20": score}
        for seed in range(2)
        for n in range(30)
        for method, score in (("items", 0.3 + n / 100), ("rival", 0.2 + n / 100))
    ]
    text = outer_table.text(pd.DataFrame(rows))
    assert "Splits: 2, with 60 questions of 30 people." in text
    [line] = [line for line in text.splitlines() if "rival" in line]
    assert "+0.1000 (+0.1000 … +0.1000)" in line
    assert f"{0.445 / 0.345:.3f}" in line


@pytest.mark.slow
def test_the_shipped_model_and_a_peer_are_measured_on_the_same_questions(raw):
    config = checkerboard.config("train.max_steps=40", "items.epochs=2")
    scores = outer.measure(
        SONGS, raw, config, [Baseline("popularity", popularity)], 1, progress=lambda *_: None
    )
    assert set(scores["method"]) == {"items", "popularity"}
    by_method = scores[scores["favourites"] == 3].groupby("method")
    one, other = (list(part["person"]) for _, part in by_method)
    assert one == other
    means = by_method["ndcg@20"].mean()
    assert means["items"] > means["popularity"] + 0.1
