"""The model at the size of the original's: 64,774 users, 130,791 songs, 24 dimensions."""

import numpy as np
import pytest
import scipy.sparse as sp

from training.config import Config
from training.export.conversion import convert, convert_within, megabytes
from training.export.serving import Graph
from training.models.item_strategy import ITEMS, ItemIndex, ItemStrategy
from training.models.item_table import ItemTable
from training.models.strategy import Served
from training.models.user_strategies import NEAREST_USER, VOTERS, UserStrategies, VoterSettings
from training.models.user_towers import UserIndex

pytestmark = pytest.mark.slow

USERS, SONGS, DIM = 64_774, 130_791, 24
LIKES = 1_990_000
"""The original's training examples."""
CONFIG = Config()


def vectors(count: int, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(count, DIM)).astype(np.float32)


@pytest.fixture(scope="module")
def users() -> list[Served]:
    rng = np.random.default_rng(1)
    offsets = np.sort(rng.integers(0, LIKES, USERS - 1))
    offsets = np.concatenate([[0], offsets, [LIKES]]).astype(np.int32)
    liked = rng.integers(0, SONGS, LIKES).astype(np.int32)
    index = UserIndex(vectors(SONGS, rng), vectors(USERS, rng), offsets, liked)
    strategies = UserStrategies(index, VoterSettings(), "float16")
    return [Served(VOTERS, strategies.voters), Served(NEAREST_USER, strategies.nearest_user)]


@pytest.fixture(scope="module")
def items() -> list[Served]:
    rng = np.random.default_rng(2)
    pairs = CONFIG.items.max_pairs
    cells = (rng.random(pairs), (rng.integers(0, SONGS, pairs), rng.integers(0, SONGS, pairs)))
    ones = np.ones(SONGS)
    table = ItemTable(sp.csr_matrix(cells, shape=(SONGS, SONGS)), ones, ones)
    strategy = ItemStrategy(ItemIndex.of(table, vectors(SONGS, rng), 1.0), "float16")
    return [Served(ITEMS, strategy.items)]


def graph_of(strategies: list[Served]) -> Graph:
    return Graph(strategies, 10, 1110)


def test_the_originals_strategies_take_a_tenth_of_the_originals_211_mb(users, tmp_path):
    convert(graph_of(users), CONFIG.export, tmp_path)
    assert megabytes(tmp_path) <= 20


def test_the_default_export_takes_no_more(users, items, tmp_path):
    best_first = ["items", "voters", "nearest-user"]
    graph = convert_within(items + users, best_first, graph_of, CONFIG.export, tmp_path)
    assert megabytes(tmp_path) <= 20
    # All of them would take 36.
    assert [one.strategy.name for one in graph.strategies] == ["items"]
