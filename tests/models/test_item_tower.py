"""The towers of favourites against items: an item is its own embedding and its tokens'."""

import numpy as np
import pytest
import scipy.sparse as sp

from tests import checkerboard
from training.data.examples import queries_of
from training.data.features import ItemFeatures, features_of
from training.models import item_tower
from training.models.item_tower import ItemTower
from training.models.tensorflow_import import tf

pytestmark = pytest.mark.slow

BAGS = np.array([[1, 2, 0], [2, 0, 0], [0, 0, 0]], np.int32)


def quiet(*_) -> None:
    """Ignores the progress."""


@pytest.fixture
def tower() -> ItemTower:
    return ItemTower(BAGS, tokens=3, dim=4, dropped=1.0, seed=1)


def test_an_items_vector_is_its_own_and_its_tokens_over_the_root_of_their_number(tower):
    own, tokens = (layer.embeddings.numpy() for layer in (tower.own, tower.tokens))
    wanted = [own[0] + (tokens[1] + tokens[2]) / np.sqrt(2), own[1] + tokens[2], own[2]]
    assert tower.all_vectors() == pytest.approx(np.array(wanted), abs=1e-6)


def test_an_item_whose_own_vector_is_dropped_is_the_sum_of_its_tokens(tower):
    own, tokens = (layer.embeddings.numpy() for layer in (tower.own, tower.tokens))
    found = tower.vectors(tf.constant([[0, 1], [2, 1]]), training=True).numpy()
    wanted = tower.all_vectors() - own
    assert found == pytest.approx(wanted[[[0, 1], [2, 1]]], abs=1e-6)
    assert found[0, 1] == pytest.approx(tokens[2])


def test_a_frequent_negative_is_corrected_for_its_frequency():
    # With vectors of 0 all candidates are equal, and only their frequencies count.
    tower = ItemTower(BAGS, 3, 4, 0.0, 1)
    tower.set_weights([np.zeros_like(w) for w in tower.get_weights()])
    favourites = tf.constant([[2], [2]])
    even, uneven = (
        float(tower.compute_loss((favourites, tf.constant([0, 1]), tf.constant(chance))))
        for chance in ([0.5, 0.5], [0.9, 0.1])
    )
    assert even == pytest.approx(2 * np.log(2), rel=1e-5)
    # -log softmax of (-log .9, -log .1): 1/.9 and 1/.1 of their sum
    total = 1 / 0.9 + 1 / 0.1
    assert uneven == pytest.approx(-np.log(1 / 0.9 / total) - np.log(1 / 0.1 / total), rel=1e-5)


def test_an_item_twice_in_a_batch_is_not_a_negative_of_itself():
    tower = ItemTower(BAGS, 3, 4, 0.0, 1)
    tower.set_weights([np.zeros_like(w) for w in tower.get_weights()])
    chance = tf.constant([0.5, 0.5])
    loss = float(tower.compute_loss((tf.constant([[2], [2]]), tf.constant([1, 1]), chance)))
    assert loss == pytest.approx(0, abs=1e-5)


def test_the_chance_of_an_item_is_its_frequency_among_the_targets():
    liked = sp.csr_matrix(np.array([[1, 1, 0], [1, 0, 1], [1, 1, 0]], np.float32))
    config = checkerboard.config("train.batch=3")
    counts, chances = np.zeros(3), np.zeros(3)
    drawn = item_tower._examples(liked, config)
    for _, (_, targets, chance) in zip(range(2000), drawn, strict=False):
        np.add.at(counts, targets, 1)
        chances[targets] = chance
    assert chances == pytest.approx([1 / 2, 1 / 3, 1 / 6], rel=1e-5)
    assert counts / counts.sum() == pytest.approx(chances, abs=0.02)


@pytest.fixture(scope="module")
def board_likes(board):
    data = checkerboard.data_of(board)
    return data, data.liked("train"), features_of(board.domain, data.items)


def fitted(data, liked, features, *settings):
    config = checkerboard.config("train.max_steps=60", *settings)
    validation_queries = queries_of(data, "validation", 3, config)
    return item_tower.fit(liked, features, validation_queries, config, progress=quiet)


def test_items_of_one_colour_are_similar(board_likes):
    data, liked, features = board_likes
    vectors, history = fitted(data, liked, features)
    colours = checkerboard.colours(data.items["item_id"].tolist())
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    same = colours[:, None] == colours
    assert (unit @ unit.T)[same].mean() > (unit @ unit.T)[~same].mean() + 0.5
    assert history.best_step > 0


def test_the_same_seed_learns_the_same_and_another_seed_something_else(board_likes):
    short = ("train.max_steps=20", "train.eval_every=20")
    one, again, other = (
        fitted(*board_likes, *short, seed)[0]
        for seed in ("items.seed=20", "items.seed=20", "items.seed=21")
    )
    assert (one == again).all()
    assert (one != other).any()


def test_a_new_item_is_similar_to_its_creators_items_and_without_a_creator_its_vector_is_0(
    board_likes,
):
    data, liked, features = board_likes
    liked = liked.tolil()
    liked[:, [0, 1]] = 0
    liked = liked.tocsr()
    liked = liked[np.diff(liked.indptr) >= 2]
    values = features.groups["artist"].tolil()
    values[1] = 0
    bare = ItemFeatures(
        {"artist": values.tocsr()}, sp.csr_matrix(features.title.shape), features.years
    )
    vectors, _ = fitted(data, liked, bare)
    assert (vectors[1] == 0).all()
    colours = checkerboard.colours(data.items["item_id"].tolist())
    unit = vectors[2:] / np.linalg.norm(vectors[2:], axis=1, keepdims=True)
    likeness = unit @ vectors[0] / np.linalg.norm(vectors[0])
    same = colours[2:] == colours[0]
    assert likeness[same].mean() > likeness[~same].mean() + 0.2
