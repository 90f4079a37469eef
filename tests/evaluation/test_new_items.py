"""New items: hidden from training, they are found by their creators."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from tests import checkerboard
from training.config import Config
from training.data import hidden_items
from training.data.examples import Queries
from training.data.features import features_of
from training.domains import DOMAINS
from training.evaluation import new_items
from training.models.item_strategy import ItemIndex, scorer_of
from training.models.item_table import fit as fit_table
from training.ranking.scoring import rank_scores

SONGS = DOMAINS["songs"]

pytestmark = pytest.mark.slow

ARTISTS, EACH, USERS = 12, 6, 240
ITEMS = ARTISTS * EACH
CONFIG = Config().with_settings(
    ["train.batch=64", "train.eval_every=20", "train.max_steps=40", "model.dim=8", "items.epochs=6"]
)


def quiet(*_) -> None:
    """Ignores the progress."""


@pytest.fixture(scope="module")
def fans() -> sp.csr_matrix:
    """[users, items]: every user likes most items of two artists, and a few others."""
    rng = np.random.default_rng(3)
    dense = np.zeros((USERS, ITEMS), np.float32)
    for row in dense:
        for artist in rng.choice(ARTISTS, 2, replace=False):
            row[rng.choice(np.arange(artist, ITEMS, ARTISTS), EACH - 1, replace=False)] = 1
        row[rng.integers(0, ITEMS)] = 1
    return sp.csr_matrix(dense)


@pytest.fixture(scope="module")
def catalogue() -> pd.DataFrame:
    names = [f"Artist {i % ARTISTS}" for i in range(ITEMS)]
    ids = [f"S{i}" for i in range(ITEMS)]
    return pd.DataFrame({"item_id": ids, "title": [""] * ITEMS, "artist": names})


def test_a_new_item_of_the_favourites_creator_comes_before_all_other_new_items(fans, catalogue):
    hidden = np.arange(ITEMS) < ARTISTS  # one item of each artist
    liked = hidden_items.without(fans, hidden)
    table = fit_table(liked, features_of(SONGS, catalogue), CONFIG.items, progress=quiet)
    index = ItemIndex.of(table, np.zeros((ITEMS, 2), np.float32), 0.0)
    scorer = hidden_items.only(scorer_of(index), hidden)
    favourites = np.array([[a + k * ARTISTS for k in (1, 2, 3)] for a in range(ARTISTS)], np.int32)
    ranked = rank_scores(scorer, favourites, ARTISTS)
    assert ranked[:, 0].tolist() == list(range(ARTISTS))
    assert hidden[ranked].all()


def queries_of(*favourites: int) -> Queries:
    shown = np.array([favourites], np.int32)
    return Queries(shown, sp.csr_matrix((1, 6), dtype=np.float32), np.array([0]))


def test_the_same_creators_hidden_items_come_first_then_those_of_liked_creators():
    creators = np.array(["a", "b", "a", "b", "c", ""])
    liked = sp.csr_matrix(np.array([[1, 0, 0, 1, 0, 0], [0, 0, 0, 1, 0, 0]], np.float32))
    hidden = np.array([False, True, True, False, True, True])
    for seed in range(5):
        rng = np.random.default_rng(seed)
        found = new_items._by_creator(queries_of(0), creators, liked, hidden, 4, rng)
        alone, famous = found["same creator"][0], found["same creator, then liked creators"][0]
        assert alone[0] == famous[0] == 2
        assert famous[1] == 1
        assert sorted(alone) == sorted(famous) == [1, 2, 4, 5]


def test_if_no_creator_is_known_the_order_is_random():
    hidden = np.array([False, True, True, False, True, True])
    liked = sp.csr_matrix(np.ones((2, 6), np.float32))
    rng = np.random.default_rng(1)
    found = new_items._by_creator(queries_of(0), np.array([""] * 6), liked, hidden, 4, rng)
    assert all(sorted(ranked[0]) == [1, 2, 4, 5] for ranked in found.values())


@pytest.fixture(scope="module")
def measured(board):
    data, config = checkerboard.data_of(board), checkerboard.config("items.epochs=2")
    return [
        new_items.measure(board.domain, data, 0.0, 1.0, config, progress=quiet) for _ in range(2)
    ]


def test_the_same_seed_measures_the_same(measured):
    assert measured[0] == measured[1]


def test_the_creator_is_a_better_predictor_than_chance(measured):
    # On the checkerboard each colour has its own artists.
    found = {name: row["recall@1"] for name, row in measured[0]["methods"].items()}
    assert found["items"] > found["random"]


def test_if_no_test_user_likes_a_hidden_item_nothing_is_measured(board, monkeypatch):
    data, config = checkerboard.data_of(board), checkerboard.config()
    monkeypatch.setattr(hidden_items, "HIDDEN", 0.0)
    found = new_items.measure(board.domain, data, 0.0, 1.0, config, progress=quiet)
    assert (found["users"], found["hidden"], found["methods"]) == (0, 0, {})
