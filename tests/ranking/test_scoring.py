"""Ranking: by score, then by popularity, whether the scores are dense or sparse."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from training.ranking import scoring
from training.ranking.scoring import dense, one_hot, rank_scores

SCORES = st.lists(st.sampled_from([0.0, 0.0, 0.0, 1e-12, 0.5, 0.5, 1.0, 1e6]), min_size=4)


@given(SCORES, st.integers(1, 50))
def test_sparse_scores_are_ranked_as_dense_ones(scores, results):
    favourites = np.array([[0, 2, -1], [3, -1, -1]], np.int32)
    rows = np.array([scores, scores[::-1]], np.float32)
    expected = rank_scores(lambda _: rows, favourites, results)
    found = rank_scores(lambda _: sp.csr_matrix(rows), favourites, results)
    assert found.dtype == expected.dtype
    assert (found == expected).all()


def test_items_without_a_score_follow_by_popularity():
    scores = sp.csr_matrix(np.array([[0, 0, 0, 2, 0, 1]], np.float32))
    ranked = rank_scores(lambda _: scores, np.array([[1, -1]], np.int32), 6)
    assert ranked.tolist() == [[3, 5, 0, 2, 4, -1]]


def test_batches_make_no_difference():
    rng = np.random.default_rng(3)
    table = sp.random(30, 30, 0.2, format="csr", dtype=np.float32, random_state=rng)
    favourites = rng.integers(0, 30, (25, 3)).astype(np.int32)

    def scorer(asked):
        return one_hot(asked, 30) @ table

    whole = rank_scores(scorer, favourites, 10)
    assert (whole == rank_scores(scorer, favourites, 10, batch=4)).all()


def test_dense_scores_are_the_same_scores():
    rows = np.array([[0, 1.5, 0]], np.float32)
    assert (dense(sp.csr_matrix(rows)) == rows).all()
    assert dense(rows) is rows


@pytest.mark.parametrize("piece", [1, 3, 256])
def test_the_first_are_those_of_a_stable_sort_whatever_the_pieces(monkeypatch, piece):
    monkeypatch.setattr(scoring, "PIECE", piece)
    rng = np.random.default_rng(4)
    for values in (3, 1000):  # many equal scores, and hardly any
        scores = rng.integers(0, values, (20, 90)).astype(np.float32)
        ranked = rank_scores(lambda _, s=scores: s, np.full((20, 1), -1, np.int32), 15)
        assert (ranked == np.argsort(-scores, axis=1, kind="stable")[:, :15]).all()
