"""Hidden items: nothing that is learned from likes knows them, and queries ask for them alone."""

import numpy as np
import pytest
import scipy.sparse as sp

from training.config import Config
from training.data import hidden_items
from training.ranking.scoring import rank_scores

USERS, ITEMS = 240, 72
CONFIG = Config()


@pytest.fixture(scope="module")
def fans() -> sp.csr_matrix:
    """[users, items]: everybody likes a tenth to a quarter of the items."""
    rng = np.random.default_rng(3)
    share = rng.uniform(0.1, 0.25, (USERS, 1))
    return sp.csr_matrix((rng.random((USERS, ITEMS)) < share).astype(np.float32))


def test_a_tenth_of_the_items_is_drawn_and_the_same_for_the_same_seed():
    one, same, other = (hidden_items.drawn(200, np.random.default_rng(n)) for n in (1, 1, 2))
    assert one.sum() == other.sum() == 20
    assert (one == same).all()
    assert (one != other).any()


@pytest.mark.parametrize(("hidden", "cut"), [(0, 0), (1, 1), (30, 8), (400, 100), (4000, 100)])
def test_the_cut_off_is_a_hundred_or_a_quarter_of_few(hidden, cut):
    assert hidden_items.cut_of(np.arange(5000) < hidden) == cut


def test_only_hidden_items_are_ranked():
    hidden = np.arange(6) % 2 == 1
    scorer = hidden_items.only(lambda _: np.array([[9, 1, 8, 3, 7, 2]], np.float32), hidden)
    assert rank_scores(scorer, np.array([[0]], np.int32), 4).tolist() == [[3, 5, 1, -1]]


def test_hidden_items_have_no_likes_and_users_with_too_few_left_are_dropped():
    liked = sp.csr_matrix(np.array([[1, 1, 1], [1, 0, 1], [1, 1, 0]], np.float32))
    left = hidden_items.without(liked, np.array([False, False, True]))
    assert left.toarray().tolist() == [[1, 1, 0], [1, 1, 0]]
    assert left.nnz == 4


def test_a_query_shows_items_that_are_not_hidden_and_targets_all_hidden_ones(fans):
    hidden = np.zeros(ITEMS, bool)
    hidden[::7] = True
    found = hidden_items.queries_for(fans, hidden, CONFIG, np.random.default_rng(1))
    assert len(found) > USERS / 2
    assert not hidden[found.favourites].any()
    for row, user in enumerate(found.users):
        mine = fans[user].indices
        assert set(found.favourites[row]) <= set(mine.tolist())
        assert set(found.targets[row].indices.tolist()) == set(mine[hidden[mine]].tolist())


def test_a_user_without_hidden_likes_makes_no_query(fans):
    found = hidden_items.queries_for(fans, np.zeros(ITEMS, bool), CONFIG, np.random.default_rng(1))
    assert len(found) == 0


def test_the_number_of_queries_is_limited(fans):
    hidden = np.arange(ITEMS) % 7 == 0
    few = CONFIG.with_settings(["evaluate.max_users=9"])
    found = hidden_items.queries_for(fans, hidden, few, np.random.default_rng(1))
    assert len(found) == len(set(found.users)) == 9
