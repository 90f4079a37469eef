"""Counts of pairs: known values, against the dense product, and pruned."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.likes import LIKED, likes
from training.models.cooccurrence import prune, together


def test_every_user_who_likes_both_items_counts_for_a_pair():
    counts = together(LIKED, 0.0).toarray()
    assert counts.tolist() == [[0, 2, 1, 0], [2, 0, 1, 0], [1, 1, 0, 1], [0, 0, 1, 0]]


def test_a_user_with_many_likes_counts_less_for_each_pair():
    counts = together(LIKED, 1.0).toarray()
    assert counts[0, 1] == pytest.approx(1 / 3 + 1 / 2)
    assert counts[0, 2] == pytest.approx(1 / 3)
    assert counts[2, 3] == pytest.approx(1 / 2)


@settings(deadline=None, max_examples=40)
@given(likes(), st.sampled_from([0.0, 0.5, 1.0]))
def test_counts_are_the_dense_product(liked, power):
    dense = liked.toarray()
    weight = np.maximum(dense.sum(axis=1), 1) ** -power
    wanted = dense.T @ (dense * weight[:, None])
    np.fill_diagonal(wanted, 0)
    counts = together(liked, power).toarray()
    assert counts == pytest.approx(wanted, abs=1e-5)
    assert counts == pytest.approx(counts.T, abs=1e-6)


@settings(deadline=None, max_examples=50)
@given(likes(), st.integers(1, 4))
def test_a_table_that_is_too_large_keeps_each_rows_greatest_by_count_over_root_of_likers(
    liked, most
):
    items = liked.shape[1]
    whole, kept = (
        together(liked, 0.0, **limit).toarray() for limit in ({}, {"most_pairs": most * items})
    )
    worth = whole / np.sqrt(np.maximum(liked.toarray().sum(axis=0), 1))
    for row in range(items):
        left = kept[row] > 0
        assert left.sum() == min(most, (whole[row] > 0).sum())
        assert (kept[row][left] == whole[row][left]).all()
        assert sorted(worth[row][left]) == pytest.approx(
            sorted(worth[row][whole[row] > 0])[::-1][:most][::-1]
        )


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 2**32 - 1), st.sampled_from([3, 1000]), st.sampled_from(["f4", "f8"]))
def test_pruning_keeps_the_greatest_of_each_row_and_the_first_of_equal_ones(seed, values, dtype):
    rng = np.random.default_rng(seed)
    dense = rng.integers(0, values, (6, 8)).astype(dtype) / 7
    most = rng.integers(-1, 9, 6)
    kept = prune(sp.csr_matrix(dense), most)
    assert kept.dtype == dense.dtype
    for row, left, count in zip(dense, kept.toarray(), most, strict=True):
        best = np.argsort(-row, kind="stable")[: max(0, count)]
        assert np.array_equal(np.flatnonzero(left), np.sort(best[row[best] > 0]))
        assert (left[left > 0] == row[left > 0]).all()
    assert all((np.diff(row.indices) > 0).all() for row in kept)


def test_pruning_sorts_the_columns():
    table = sp.csr_matrix((np.array([1.0, 2.0, 3.0]), np.array([2, 0, 1]), np.array([0, 3])))
    table.has_sorted_indices = False
    assert prune(table, 2).indices.tolist() == [0, 1]
    assert prune(table, 2).data.tolist() == [2, 3]
