"""Pairs of items with several values: known values, and the single values' special case."""

import numpy as np
import pytest
import scipy.sparse as sp

from tests.likes import LIKED, features_at, record_at
from training.data.features import ItemFeatures
from training.models.group_pairs import GroupStatistics
from training.models.list_pairs import ListStatistics, has_lists
from training.models.pairs import PairStatistics

VALUES = sp.csr_matrix(np.array([[1, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]], np.float32))
"""Item 0 has two genres, items 1 and 2 one each, item 3's are unknown."""
SINGLE = sp.csr_matrix(np.array([[1, 0], [1, 0], [0, 1], [0, 0]], np.float32))
FROM, TO = np.array([0, 0, 0, 3, 2]), np.array([1, 2, 3, 0, 2])


def test_only_a_field_with_several_values_of_an_item_is_one_of_lists():
    assert has_lists(VALUES)
    assert not has_lists(SINGLE)
    assert not has_lists(sp.csr_matrix((4, 2)))


def test_how_much_two_items_are_the_same_is_the_cosine_of_their_values():
    found = features_at(ListStatistics(LIKED, LIKED, VALUES), "genre", FROM, TO)
    assert found["same genre"] == pytest.approx([2**-0.5, 0, 0, 0, 1])
    assert found["unknown genre"].tolist() == [False, False, True, True, False]
    likes = np.asarray(LIKED.sum(axis=0)).ravel()
    of_first = likes[0] + likes[1]
    assert found["likes of the same genre"][0] == pytest.approx(2**-0.5 * np.log1p(of_first))
    assert found["likes of genre"][3] == 0


def test_with_one_value_an_item_the_statistics_are_those_of_groups():
    lists, groups = (of(LIKED, LIKED, SINGLE) for of in (ListStatistics, GroupStatistics))
    for name, value in features_at(groups, "x", FROM, TO).items():
        own = features_at(lists, "x", FROM, TO)[name]
        if name not in ("x both", "x lift"):  # unknown values differ, which "unknown" tells
            assert own == pytest.approx(np.asarray(value, float), abs=1e-5), name
    known = FROM < 3
    for name, value in record_at(groups, "x", FROM[known], TO[known]).items():
        own = record_at(lists, "x", FROM[known], TO[known])[name]
        assert own[:2] == pytest.approx(np.asarray(value, float)[:2], abs=1e-5), name


def test_neighbours_share_values_and_have_likers():
    likers = np.asarray(LIKED.sum(axis=0)).ravel()
    same, _ = ListStatistics(LIKED, LIKED, VALUES).neighbours(likers)
    assert same[0, 1] > 0
    assert same[1, 0] > 0
    assert same[0, 2] == 0
    assert same[3].nnz == 0


def test_pairs_of_a_catalogue_with_lists_have_a_row_of_finite_features_each():
    items = LIKED.shape[1]
    features = ItemFeatures({"genre": VALUES}, sp.csr_matrix((items, 1)), np.full(items, np.nan))
    statistics = PairStatistics(LIKED, features, 400, np.random.default_rng(1))
    found = statistics.features(FROM, TO)
    assert found.shape[0] == len(FROM)
    assert np.isfinite(found).all()
    assert np.isfinite(statistics.content(FROM, TO)).all()
    assert statistics.candidates()[0, 1] == 1
