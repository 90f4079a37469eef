"""The parts of the towers, and the scores computed with them."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import checkerboard
from training.errors import ConfigError
from training.models.ops import add_up, best, masked_mean, rank, ratio, rounded
from training.models.strategies import served as served_by
from training.models.tensorflow_import import tf
from training.models.user_strategies import UserStrategies, VoterSettings
from training.models.user_towers import UserIndex, strongest_items

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(board):
    return served_by(board.model, checkerboard.config())


def test_the_mean_is_of_real_favourites_only():
    vectors = tf.constant([[[1.0, 2.0], [3.0, 4.0], [100.0, 100.0]]])
    assert masked_mean(vectors, tf.constant([[7, 0, -1]])).numpy().tolist() == [[2.0, 3.0]]


def test_the_mean_of_no_favourites_is_0():
    assert masked_mean(tf.ones([1, 2, 3]), tf.constant([[-1, -1]])).numpy().tolist() == [[0, 0, 0]]


@pytest.mark.parametrize("padding", [1, 2, 9])
def test_padding_changes_nothing(served, padding):
    for one in served:
        bare = one.answer(tf.constant([[5]]), 20)
        padded = one.answer(tf.constant([[5] + [-1] * padding]), 20)
        assert (bare["items"].numpy() == padded["items"].numpy()).all()
        assert bare["scores"].numpy() == pytest.approx(padded["scores"].numpy(), abs=1e-6)


def test_a_query_is_answered_the_same_alone_and_among_others(served):
    favourites = np.array([[1, 2, -1], [3, -1, -1], [4, 5, 6]], np.int32)
    for one in served:
        together = rank(one.answer, favourites, 10, checkerboard.ITEMS)
        alone = [rank(one.answer, row[None], 10, checkerboard.ITEMS)[0] for row in favourites]
        assert (together == np.array(alone)).all()


def test_a_ranking_has_no_favourite_and_no_item_twice(served):
    rng = np.random.default_rng(2)
    favourites = np.array([rng.permutation(checkerboard.ITEMS)[:3] for _ in range(70)], np.int32)
    for one in served:
        lists = rank(one.answer, favourites, 10, checkerboard.ITEMS)
        assert lists.shape == (70, 10)
        for row, shown in zip(lists, favourites, strict=True):
            real = row[row >= 0].tolist()
            assert len(set(real)) == len(real)
            assert not set(real) & set(shown.tolist())


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_a_user_keeps_the_strongest_items_and_of_equal_ones_the_popular(seed, most):
    rng = np.random.default_rng(seed)
    dense = rng.integers(0, 4, (7, 9)).astype(np.float32)
    offsets, items = strongest_items(sp.csr_matrix(dense), most)
    assert offsets[0] == 0
    assert offsets[-1] == len(items)
    for user, row in enumerate(dense):
        wanted = sorted(np.flatnonzero(row), key=lambda i: (-row[i], i))[:most]
        assert items[offsets[user] : offsets[user + 1]].tolist() == wanted


def test_values_are_added_up_by_item_and_query():
    items = tf.constant([[[0, 1], [1, 2]], [[2, 2], [0, 0]]])
    values = tf.constant([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [0.0, 7.0]]])
    assert add_up(items, values, 4).numpy().tolist() == [[1, 5, 4, 0], [7, 0, 11, 0]]


def test_of_equal_scores_the_popular_item_comes_first_and_a_score_of_0_is_no_answer():
    answer = best(tf.constant([[0.0, 2.0, 3.0, 2.0, 0.0]]), 5)
    assert answer["items"].numpy().tolist() == [[2, 1, 3, -1, -1]]
    assert answer["scores"].numpy().tolist() == [[3, 2, 2, 0, 0]]


def test_float16_rounds_to_what_the_export_can_hold_and_float32_does_not_round():
    values = np.array([0.1, 1 / 3, 1e-3], np.float32)
    half = rounded(values, "float16")
    assert half.dtype == np.float32
    assert (half == half.astype(np.float16)).all()
    assert half == pytest.approx(values, rel=1e-3)
    assert (rounded(values, "float32") == values).all()


def test_another_type_is_refused_by_name():
    with pytest.raises(ConfigError, match="int8"):
        rounded(np.ones(2, np.float32), "int8")


def voters_by_hand(index: UserIndex, settings: VoterSettings, favourites: list[int]):
    """Returns [favourites, items], what each favourite adds to each item, voter by voter."""
    vectors = index.item_vectors[favourites]
    similarity = index.user_vectors @ vectors.mean(axis=0) / settings.temperature
    nearest = np.argsort(-similarity)[: settings.voters]
    chances = np.exp(similarity[nearest] - similarity[nearest].max())
    brought = np.zeros((len(favourites), len(index.item_vectors)))
    for user, chance in zip(nearest, chances / chances.sum(), strict=True):
        liked = index.items[index.offsets[user] : index.offsets[user + 1]]
        near = np.maximum(vectors @ index.user_vectors[user], 0)
        part = near / near.sum() if near.sum() else near
        brought[:, liked] += part[:, None] * chance * len(liked) ** -settings.length_power
    return brought


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 999), st.integers(1, 4))
def test_a_vote_is_divided_among_the_favourites_that_make_the_voter_similar(seed, count):
    rng = np.random.default_rng(seed)
    items, users = 9, 14
    offsets = np.arange(users + 1, dtype=np.int32) * 3
    liked = np.concatenate([rng.choice(items, 3, replace=False) for _ in range(users)])
    vectors = [rng.normal(size=(n, 4)).astype(np.float32) for n in (items, users)]
    index = UserIndex(*vectors, offsets, liked.astype(np.int32))
    how = VoterSettings(voters=5, temperature=0.5, length_power=0.5)
    favourites = rng.choice(items, count, replace=False).tolist()
    outputs = UserStrategies(index, how, "float32").voters(
        tf.constant([[*favourites, -1, -1]], tf.int32), items
    )
    answer = {name: value.numpy()[0] for name, value in outputs.items()}
    brought = voters_by_hand(index, how, favourites)
    for place, item in enumerate(answer["items"]):
        total = brought[:, item].sum()
        # Below that, no voter for it is similar to any single favourite.
        if item >= 0 and total > 1e-6:
            expected = brought[:, item] / total
            assert answer["shares"][place, :count] == pytest.approx(expected, abs=1e-3)
    assert (answer["shares"][:, count:] == 0).all()
    ends = answer["items"] < 0
    assert (answer["shares"][ends] == 0).all()
    assert (answer["vectors"][ends] == 0).all()
    lengths = np.linalg.norm(answer["vectors"], axis=1)
    assert lengths == pytest.approx((~ends).astype(float), abs=1e-5)


def test_a_ratio_with_a_whole_of_0_is_the_part():
    found = ratio(tf.constant([6.0, 0.0]), tf.constant([3.0, 0.0])).numpy().tolist()
    assert found == [2.0, 0.0]
