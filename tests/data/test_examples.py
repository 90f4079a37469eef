"""Examples for training and queries for measuring."""

import itertools

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from training.data.examples import PAD, batches, draw, hold_out, shuffled_rows


@st.composite
def likes(draw_from, least: int = 2, users: int = 12, items: int = 25):
    """Draws [users, items] 0/1 where every user likes `least` items or more."""
    rng = np.random.default_rng(draw_from(st.integers(0, 2**32 - 1)))
    dense = np.zeros((draw_from(st.integers(1, users)), items), np.float32)
    for row in dense:
        row[rng.permutation(items)[: rng.integers(least, items + 1)]] = 1
    return sp.csr_matrix(dense)


def liked_by(liked: sp.csr_matrix, user: int) -> set[int]:
    return set(liked.indices[liked.indptr[user] : liked.indptr[user + 1]].tolist())


def real(row: np.ndarray) -> list[int]:
    return [i for i in row.tolist() if i != PAD]


SEEDS = st.integers(0, 2**32 - 1).map(np.random.default_rng)


@settings(deadline=None)
@given(likes(), st.integers(1, 12), SEEDS)
def test_favourites_never_repeat_and_the_target_is_another_liked_item(liked, most, rng):
    favourites, users, targets = draw(liked, most, rng)
    assert favourites.shape == (liked.shape[0], most)
    assert sorted(users) == list(range(liked.shape[0]))
    for row, user, target in zip(favourites, users, targets, strict=True):
        shown = real(row)
        assert 1 <= len(shown) == len(set(shown))
        assert row.tolist() == shown + [PAD] * (most - len(shown))
        assert target not in shown
        assert {*shown, target} <= liked_by(liked, user)


def test_every_number_of_favourites_and_every_target_is_drawn():
    liked = sp.csr_matrix(np.ones((4000, 5), np.float32))
    favourites, _, targets = draw(liked, 3, np.random.default_rng(1))
    counts = np.bincount((favourites != PAD).sum(axis=1), minlength=4)
    assert counts[0] == 0
    assert counts[1:] / 4000 == pytest.approx(1 / 3, abs=0.05)
    assert np.bincount(targets) / 4000 == pytest.approx(1 / 5, abs=0.05)
    assert np.bincount(favourites[:, 0]) / 4000 == pytest.approx(1 / 5, abs=0.05)


@pytest.mark.parametrize("count", [0, 1])
def test_a_user_with_too_few_likes_for_a_pair_is_refused(count):
    dense = np.ones((3, 4), np.float32)
    dense[1, count:] = 0
    with pytest.raises(ValueError, match="two items or more"):
        draw(sp.csr_matrix(dense), 3, np.random.default_rng(1))


@given(likes())
def test_the_same_seed_draws_the_same(liked):
    one, other = (draw(liked, 5, np.random.default_rng(7)) for _ in range(2))
    assert all((a == b).all() for a, b in zip(one, other, strict=True))


def test_batches_are_full_and_a_pass_contains_no_user_twice():
    liked = sp.csr_matrix(np.ones((10, 5), np.float32))
    drawn = list(itertools.islice(batches(liked, 3, 4, np.random.default_rng(1)), 6))
    assert all(len(users) == len(shown) == len(targets) == 4 for shown, users, targets in drawn)
    for one, other in zip(drawn[::2], drawn[1::2], strict=True):
        assert len({*one[1], *other[1]}) == 8


def test_fewer_examples_than_a_batch_are_yielded_as_one_batch():
    liked = sp.csr_matrix(np.ones((3, 5), np.float32))
    drawn = list(itertools.islice(batches(liked, 3, 512, np.random.default_rng(1)), 2))
    assert [sorted(users) for _, users, _ in drawn] == [[0, 1, 2]] * 2
    assert any((a != b).any() for a, b in zip(drawn[0], drawn[1], strict=True))


@settings(deadline=None)
@given(likes(least=0), st.integers(1, 10), SEEDS)
def test_shown_and_held_back_items_are_all_of_a_users_items(liked, count, rng):
    queries = hold_out(liked, count, rng)
    assert len(queries) == len(queries.users) == queries.targets.shape[0]
    assert queries.favourites.shape == (len(queries), count)
    assert queries.users.tolist() == np.flatnonzero(np.diff(liked.indptr) > count).tolist()
    for row, user in enumerate(queries.users):
        shown, kept = set(real(queries.favourites[row])), liked_by(queries.targets, row)
        assert len(shown) == count
        assert kept
        assert not shown & kept
        assert shown | kept == liked_by(liked, user)


@given(likes(least=4), SEEDS)
def test_no_more_users_are_taken_than_requested(liked, rng):
    queries = hold_out(liked, 3, rng, max_users=4)
    assert len(queries) == min(4, liked.shape[0])
    assert sorted(set(queries.users.tolist())) == queries.users.tolist()


def test_another_seed_shows_other_items():
    liked = sp.csr_matrix(np.ones((30, 20), np.float32))
    one, again, other = (
        hold_out(liked, 3, np.random.default_rng(seed)).favourites for seed in (1, 1, 2)
    )
    assert (one == again).all()
    assert (one != other).any()


@pytest.mark.parametrize("count", [0, -1])
def test_a_query_without_favourites_is_refused(count):
    with pytest.raises(ValueError, match="favourites must be 1 or more"):
        hold_out(sp.csr_matrix(np.ones((3, 4))), count, np.random.default_rng(1))


@given(likes(least=0), SEEDS)
def test_shuffled_rows_keep_each_users_items_together(liked, rng):
    columns = shuffled_rows(liked, rng)
    for user in range(liked.shape[0]):
        own = columns[liked.indptr[user] : liked.indptr[user + 1]]
        assert set(own.tolist()) == liked_by(liked, user)
        assert len(own) == len(liked_by(liked, user))
