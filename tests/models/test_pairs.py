"""Statistics of pairs: known values on small matrices."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import checkerboard
from tests.likes import LIKED, features_at, likes, record_at
from training.data.features import ItemFeatures, features_of
from training.domains import DOMAINS
from training.models.cooccurrence import together
from training.models.group_pairs import GroupStatistics
from training.models.pairs import (
    ContentStatistics,
    PairStatistics,
    at,
    capped,
)

SONGS = DOMAINS["songs"]

VALUES = sp.csr_matrix(np.array([[1, 0], [1, 0], [0, 1], [0, 0]], np.float32))
"""Items 0 and 1 have one creator, item 2 another; item 3's is unknown."""


def statistics_of(liked: sp.csr_matrix, values: sp.csr_matrix, titles=None) -> PairStatistics:
    items = liked.shape[1]
    frame = pd.DataFrame({"title": titles or [""] * items, "artist": [""] * items})
    song_features = features_of(SONGS, frame)
    features = ItemFeatures({"artist": values}, song_features.title, song_features.years)
    return PairStatistics(liked, features, 400, np.random.default_rng(1))


@settings(deadline=None, max_examples=50)
@given(likes(), st.integers(2, 6), st.integers(0, 99))
def test_no_user_counts_with_more_likes_than_the_cap_and_one_like_makes_no_pair(liked, most, seed):
    kept = capped(liked, most, np.random.default_rng(seed)).toarray()
    dense = liked.toarray()
    able = dense[dense.sum(axis=1) > 1]
    assert len(kept) == len(able)
    assert kept.sum(axis=1).tolist() == np.minimum(able.sum(axis=1), most).tolist()
    assert (kept <= able).all()


def test_a_value_is_looked_up_at_each_pair():
    found = at(LIKED, np.array([0, 0, 3]), np.array([2, 3, 1]))
    assert found.tolist() == [1, 0, 1]


def test_the_same_creator_different_creators_and_unknown_ones_are_distinguished():
    group = GroupStatistics(LIKED, LIKED, VALUES)
    assert group.of.tolist() == [0, 0, 1, -1]
    assert group.likes.tolist() == [5, 2]
    assert group.size.tolist() == [2, 1]
    # Users 0, 1 and 3 like something by the first, users 0 and 2 something by the second.
    assert group.fans.tolist() == [3, 2]
    found = features_at(group, "artist", np.array([0, 0, 0]), np.array([1, 2, 3]))
    assert found["same artist"].tolist() == [True, False, False]
    assert found["unknown artist"].tolist() == [False, False, True]
    assert found["likes of the same artist"] == pytest.approx([np.log1p(5), 0, 0])
    assert found["items of the same artist"] == pytest.approx([np.log1p(2), 0, 0])
    # Only user 0 likes both artists, and likes two values, hence 1 / sqrt(2).
    both = 2**-0.5
    assert found["artist both"] == pytest.approx([0, np.log1p(3 * both), 0])
    lift = np.log(both / (8 * 7) * 1e4 + 1e-2)
    assert found["artist lift"] == pytest.approx([np.log(1e-2), lift, np.log(1e-2)], abs=1e-5)


def test_features_contain_the_popularity_of_an_items_creator_and_its_closeness_to_the_favourites():
    found = record_at(
        GroupStatistics(LIKED, LIKED, VALUES), "artist", np.array([0, 3]), np.array([2, 0])
    )
    assert found["unknown artist of the favourite"].tolist() == [False, True]
    assert found["items of artist"] == pytest.approx([np.log1p(1), np.log1p(2)])
    assert found["mean likes of artist"] == pytest.approx([np.log1p(2), np.log1p(2.5)])
    assert found["artist chance"][0] == pytest.approx(np.log(2**-0.5 / 8 + 1e-3) + 7, abs=1e-5)


def test_a_walk_of_two_steps_reaches_items_that_nobody_likes_together_with_the_favourite():
    walk = statistics_of(LIKED, VALUES).walk.toarray()
    likers = LIKED.toarray().sum(axis=0)
    step = together(LIKED[:3], 0.5).toarray() / (likers + 10)[:, None] * (likers + 10) ** -0.25
    assert walk == pytest.approx(step @ step, rel=1e-4)
    assert together(LIKED, 0.0)[0, 3] == 0 < walk[0, 3]


def test_candidate_pairs_are_co_liked_or_share_a_creator_or_title_words():
    liked = sp.csr_matrix(np.pad(LIKED.toarray(), ((0, 0), (0, 3))))
    values = sp.csr_matrix(
        np.array([[1, 0], [1, 0], [0, 1], [0, 0], [0, 1], [0, 0], [0, 0]], np.float32)
    )
    words = " ".join("abcdefghijklmnop")
    titles = ["", "", "", "", "", words, words]
    found = statistics_of(liked, values, titles).candidates().toarray()
    assert set(np.unique(found)) == {0, 1}
    assert (np.diag(found) == 0).all()
    assert (found[:4, :4][together(LIKED, 0).toarray() > 0] == 1).all()
    # Item 4 is new: item 2 has its creator, items 0 and 1 one whose fans also like that creator.
    assert found[:4, 4].tolist() == [1, 1, 1, 0]
    assert found[5, 6] == found[6, 5] == 1
    assert found[0, 5] == 0


@pytest.fixture(scope="module")
def board_statistics(board):
    data = checkerboard.data_of(board)
    features = features_of(board.domain, data.items)
    rng = np.random.default_rng(3)
    return PairStatistics(data.liked("train"), features, 400, rng)


def test_every_feature_of_every_pair_is_finite_and_independent_of_other_pairs(
    board_statistics,
):
    items = checkerboard.ITEMS
    f, i = np.repeat(np.arange(items), items), np.tile(np.arange(items), items)
    for of in (board_statistics.features, board_statistics.content):
        together_ = of(f, i)
        assert together_.dtype == np.float32
        assert np.isfinite(together_).all()
        alone = np.concatenate([of(f[p : p + 1], i[p : p + 1]) for p in range(0, len(f), 37)])
        assert alone == pytest.approx(together_[::37], abs=1e-6)


def test_features_of_new_items_do_not_depend_on_who_likes_an_item():
    values = sp.csr_matrix(np.array([[1, 0], [0, 1], [0, 1]], np.float32))
    # Items 1 and 2 share a creator and one is liked: without likers they are the same.
    one = sp.csr_matrix(np.array([[1, 1, 0], [1, 1, 0]], np.float32))
    other = sp.csr_matrix(np.array([[1, 0, 1], [1, 0, 1]], np.float32))
    song_features = features_of(SONGS, pd.DataFrame({"title": [""] * 3, "artist": [""] * 3}))
    features = ItemFeatures({"artist": values}, song_features.title, song_features.years)
    found = [
        ContentStatistics(liked, features, 400, np.random.default_rng(1)).content(
            np.array([0, 0]), np.array([1, 2])
        )
        for liked in (one, other)
    ]
    assert (found[0] == found[1]).all()
    assert (found[0][0] == found[0][1]).all()


def test_close_years_distant_years_and_unknown_ones_are_distinguished():
    years = np.array([1990.0, 1993.0, 2010.0, np.nan])
    song_features = features_of(SONGS, pd.DataFrame({"title": [""] * 4, "artist": [""] * 4}))
    liked = sp.csr_matrix(np.ones((2, 4), np.float32))
    rng = np.random.default_rng(1)
    of = [
        ContentStatistics(
            liked, ItemFeatures({"artist": VALUES}, song_features.title, y), 9, rng
        ).content
        for y in (years, np.full(4, np.nan))
    ]
    f, i = np.array([0, 0, 0]), np.array([1, 2, 3])
    apart, unknown, year = of[0](f, i)[:, -3:].T
    assert apart == pytest.approx([np.exp(-1), np.exp(-20 / 3), 0], abs=1e-6)
    assert unknown.tolist() == [0, 0, 1]
    assert year == pytest.approx([-0.2, 1.5, 0])
    # If no item has a year, the features of years are 0.
    assert of[1](f, i).shape[1] == of[0](f, i).shape[1] - 3
