"""Choices on validation users: each is one of its grid that finds most, but for chance."""

import numpy as np
import pytest
import scipy.sparse as sp

from tests import checkerboard
from training.data.examples import queries_of
from training.models.choices import BLENDS, VOTER_GRID, blended, first_within_error
from training.models.item_table import ItemTable
from training.models.ops import rank
from training.models.saved import load
from training.models.user_strategies import UserStrategies
from training.ranking.metrics import ndcg_at

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(board):
    return checkerboard.data_of(board)


def test_the_blend_is_the_one_that_finds_most_on_validation_users(board, data):
    validation_queries = queries_of(data, "validation", 3, checkerboard.config())
    _, _, items = load(board.model)
    assert items.blend in BLENDS
    # With an empty table the towers decide, and they have learned the colours.
    nothing = sp.csr_matrix((checkerboard.ITEMS, checkerboard.ITEMS), dtype=np.float32)
    even = np.ones(checkerboard.ITEMS, np.float32)
    vectors = np.eye(2)[checkerboard.colours(data.items["item_id"].tolist())]
    assert blended(ItemTable(nothing, even, even), vectors, validation_queries).blend > 0
    # Vectors of 0 do not help: the first of equal blends is 0.
    assert (
        blended(ItemTable(nothing, even, even), np.zeros_like(vectors), validation_queries).blend
        == 0
    )


def test_a_setting_that_is_better_by_chance_is_not_chosen():
    rng = np.random.default_rng(20)
    first = rng.random(100)
    noise = rng.normal(0, 0.3, 100)
    by_chance = first + noise - noise.mean() + 0.01
    assert by_chance.mean() > first.mean()
    assert first_within_error(np.stack([first, by_chance])) == 0
    assert first_within_error(np.stack([first, first + 0.01])) == 1
    assert first_within_error(np.stack([first, first])) == 0


def test_the_voters_are_the_ones_that_find_most_on_validation_users(board, data):
    index, chosen, _ = load(board.model)
    queries = queries_of(data, "validation", 3, checkerboard.config())

    def quality(settings) -> float:
        answer = UserStrategies(index, settings, "float32").voters
        ranked = rank(answer, queries.favourites, 20, checkerboard.ITEMS)
        return float(ndcg_at(ranked, queries.targets, 20).mean())

    found = [quality(settings) for settings in VOTER_GRID]
    assert min(found) < max(found)
    assert chosen == VOTER_GRID[found.index(max(found))]
