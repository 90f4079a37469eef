"""The baselines: one suite over all of them, on the checkerboard."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import checkerboard
from training.data.examples import queries_of
from training.evaluation.baselines import BASELINES, markov, sparse_inverse
from training.evaluation.baselines.linear import ease
from training.evaluation.baselines.neighbours import shrunk_cosine, user_knn
from training.evaluation.baselines.peer import Training
from training.evaluation.baselines.simple import popularity, same_creator
from training.evaluation.evaluate import training_of
from training.models.cooccurrence import together
from training.ranking.metrics import ndcg_at
from training.ranking.scoring import dense, one_hot, rank_scores

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(board):
    return checkerboard.data_of(board)


@pytest.fixture(scope="module")
def training(board, data):
    return training_of(board.domain, data, checkerboard.config())


@pytest.fixture(scope="module", params=BASELINES, ids=lambda b: b.name)
def scorer(request, training):
    baseline = request.param
    return baseline.fit(training, **baseline.grid[0])


def test_names_are_unique_and_every_grid_has_a_setting():
    names = [baseline.name for baseline in BASELINES]
    assert len(set(names)) == len(names)
    assert all(baseline.grid for baseline in BASELINES)


def test_a_baseline_scores_every_item_for_every_query(scorer):
    scores = dense(scorer(np.array([[0, 1, -1], [5, -1, -1]], np.int32)))
    assert scores.shape == (2, checkerboard.ITEMS)
    assert np.isfinite(scores).all()


def test_a_baseline_never_recommends_a_favourite_and_no_item_twice(scorer):
    rng = np.random.default_rng(6)
    favourites = np.array([rng.permutation(checkerboard.ITEMS)[:3] for _ in range(40)], np.int32)
    for row, shown in zip(rank_scores(scorer, favourites, 30), favourites, strict=True):
        real = row[row >= 0].tolist()
        assert sorted(real) == sorted(set(range(checkerboard.ITEMS)) - set(shown.tolist()))
        assert (row[len(real) :] == -1).all()


def test_padding_and_order_of_favourites_do_not_matter_to_a_baseline(scorer):
    one = dense(scorer(np.array([[3, 8, -1, -1]], np.int32)))
    other = dense(scorer(np.array([[8, 3]], np.int32)))
    assert one == pytest.approx(other, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize(
    "baseline", [b for b in BASELINES if b.name != "popularity"], ids=lambda b: b.name
)
def test_the_best_setting_of_a_baseline_is_at_least_as_good_as_popularity(baseline, data, training):
    validation_queries = queries_of(data, "validation", 3, checkerboard.config())

    def score(of) -> float:
        return float(
            ndcg_at(
                rank_scores(of, validation_queries.favourites, 20), validation_queries.targets, 20
            ).mean()
        )

    found = max(score(baseline.fit(training, **grid)) for grid in baseline.grid[:4])
    assert found >= score(popularity(training))


def test_item_knn_learns_the_colours(data, training):
    baseline = next(b for b in BASELINES if b.name == "item-kNN")
    colours = checkerboard.colours(data.items["item_id"].tolist())
    for grid in baseline.grid:
        table = baseline.fit(training, **grid)
        for colour in (0, 1):
            own = np.flatnonzero(colours == colour)[None, :3].astype(np.int32)
            best = rank_scores(table, own, 9)[0]
            assert (colours[best] == colour).all(), grid


def test_popularity_is_the_order_of_the_index(training):
    ranked = rank_scores(popularity(training), np.array([[1, -1]], np.int32), 5)
    assert ranked.tolist() == [[0, 2, 3, 4, 5]]


def test_favourites_are_a_row_of_ones():
    assert one_hot(np.array([[2, 0], [1, -1]]), 3).toarray().tolist() == [[1, 0, 1], [0, 1, 0]]
    assert isinstance(one_hot(np.array([[0]]), 3), sp.csr_matrix)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.sampled_from([-2.0, 0.0, 1e-12, 2e-12, 0.5, 0.5, 1.0, 1e6]), min_size=4, max_size=40
    ),
    st.integers(1, 50),
)
def test_items_are_ranked_by_score_and_equal_ones_by_popularity(scores, results):
    favourites = np.array([[0, 2, -1]], np.int32)
    ranked = rank_scores(lambda _: np.array([scores], np.float32), favourites, results)
    order = sorted(
        (i for i in range(len(scores)) if i not in (0, 2)), key=lambda i: (-scores[i], i)
    )
    wanted = order[:results]
    assert ranked.tolist() == [wanted + [-1] * (results - len(wanted))]


LIKED = np.array([[1, 1, 1, 0, 0], [1, 1, 0, 1, 0], [1, 0, 1, 1, 0], [0, 1, 0, 0, 1]], np.float32)
"""Four users, five items by descending popularity; the last has one liker."""


@pytest.fixture
def tiny() -> Training:
    return Training(sp.csr_matrix(LIKED), pd.Series(["a", "b", "a", "", "b"]), 1)


def test_ease_is_the_closed_form_over_items_that_two_or_more_like(tiny):
    known = LIKED[:, :4].astype(float)
    inverse = np.linalg.inv(known.T @ known + 30 * np.eye(4))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    scores = ease(tiny, ridge=30)(np.array([[0, 2], [4, -1]], np.int32))
    assert scores[0, :4] == pytest.approx(weights[0] + weights[2], abs=1e-5)
    assert scores[0, 4] == 0
    assert (scores[1] == 0).all()


@pytest.mark.parametrize("name", ["ALS", "BPR"])
def test_random_baselines_are_reproducible(name, training):
    baseline = next(b for b in BASELINES if b.name == name)
    favourites = np.array([[0, 5, -1], [7, 3, 2]], np.int32)
    one, other = (
        rank_scores(baseline.fit(training, **baseline.grid[0]), favourites, 20) for _ in range(2)
    )
    assert (one == other).all()


def test_shrunk_cosine_matches_a_manual_calculation(tiny):
    table = shrunk_cosine(tiny.liked, 10.0).toarray()
    # Two users like items 0 and 1, three like each.
    assert table[0, 1] == pytest.approx(2 / (3 + 10))
    assert table[1, 4] == pytest.approx(1 / (np.sqrt(3) + 10))
    assert (np.diag(table) == 0).all()


def test_the_same_creators_items_come_first_and_unknown_creators_are_all_different(tiny):
    ranked = rank_scores(same_creator(tiny), np.array([[4], [3]], np.int32), 4)
    assert ranked.tolist() == [[1, 0, 2, 3], [0, 1, 2, 4]]


def test_the_nearest_users_items_are_weighted_by_similarity(tiny):
    scores = dense(user_knn(tiny, voters=2, length_power=0.5)(np.array([[0, 3]], np.int32)))
    # Users 1 and 2 like both favourites, three items each; all others are left out.
    assert scores == pytest.approx(2 / np.sqrt(3) * (LIKED[1] + LIKED[2])[None], rel=1e-5)


def test_a_markov_random_field_with_all_neighbours_is_the_dense_inverse(training):
    likers, users = training.likers.astype(np.float64), training.liked.shape[0]
    # Every pair is liked together by somebody, so that no pair is left out of the pattern.
    liked = sp.vstack([training.liked, np.ones((1, len(likers)), np.float32)], format="csr")
    likers, users = likers + 1, users + 1
    found = markov.weights(together(liked, 0.0), likers, users, 0.7, len(likers)).toarray()
    gram = (liked.T @ liked).toarray() - np.outer(likers, likers) / users
    scale = np.diag(gram) ** (markov.POWER / 2)
    inverse = np.linalg.inv(gram / np.outer(scale, scale) + 0.7 * np.eye(len(likers)))
    dense_weights = inverse / -np.diag(inverse) * scale / scale[:, None]
    np.fill_diagonal(dense_weights, 0)
    assert found == pytest.approx(dense_weights, abs=1e-4)


def test_a_markov_random_field_regresses_an_item_on_its_nearest_alone(training):
    both = together(training.liked, 0.0)
    users = training.liked.shape[0]
    found = markov.weights(both, training.likers, users, 1.0, 3)
    assert (np.diff(found.tocsc().indptr) == 3).all()


@pytest.fixture(scope="module")
def sparse() -> Training:
    """600 users who like some 3 % of 200 items, mostly of their own of two kinds."""
    rng = np.random.default_rng(0)
    own = np.arange(200) % 2 == np.arange(600)[:, None] % 2
    dense = rng.random((600, 200)) < np.where(own, 0.05, 0.01)
    by_popularity = np.argsort(-dense.sum(axis=0), kind="stable")
    liked = sp.csr_matrix(dense[:, by_popularity].astype(np.float32))
    return Training(liked, pd.Series([""] * 200), 1)


def ease_and_sansa(training, ridge: float, neighbours: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the scores of both for single favourites, which count for nothing themselves."""
    alone = np.arange(training.liked.shape[1], dtype=np.int32)[:, None]
    found = sparse_inverse.sansa(training, ridge=ridge, neighbours=neighbours)(alone)
    np.fill_diagonal(found, 0)
    return ease(training, ridge=ridge)(alone), found


def test_sansa_with_room_for_all_weights_is_ease(sparse, tiny):
    for data, ridge in ((sparse, 30), (sparse, 100), (tiny, 30)):
        full, found = ease_and_sansa(data, ridge, data.liked.shape[1])
        assert found == pytest.approx(full, abs=1e-2 * np.abs(full).max())


def test_sansa_with_a_quarter_of_the_weights_is_near_ease(sparse):
    full, found = ease_and_sansa(sparse, 30, 50)
    assert np.corrcoef(full.ravel(), found.ravel())[0, 1] > 0.9


def test_sansa_keeps_no_more_weights_than_it_may(sparse):
    for neighbours in (1, 4, 20):
        left, right = sparse_inverse.weights(sparse.liked, 30, neighbours)
        # The diagonal is kept besides.
        assert max(left.nnz, right.nnz) <= (neighbours + 1) * len(sparse.likers)


def test_an_item_that_nobody_likes_with_another_has_no_weights():
    liked = sp.csr_matrix(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1], [0, 0, 1]], np.float32))
    found = sparse_inverse.sansa(Training(liked, pd.Series([""] * 3), 1), ridge=1, neighbours=2)
    scores = found(np.array([[0], [2]], np.int32))
    assert scores[0, 1] > 0
    assert scores[0, 2] == scores[1, 0] == scores[1, 1] == 0
