"""The model that ships: it has learned from everybody, with the measured model's choices."""

import numpy as np
import pytest

from tests import checkerboard
from training.data.features import features_of
from training.models import item_table, shipped
from training.models import start as starts
from training.models.item_strategy import ItemIndex
from training.models.pair_network import PairNetwork
from training.models.saved import load

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pair(board):
    """The measured model, and the one that ships."""
    return load(board.model), load(board.model / shipped.FOLDER)


def test_its_table_is_what_the_measured_networks_make_of_everybodys_likes(board, pair):
    everyone, start = checkerboard.everyone_of(board), starts.load(board.model)
    networks = {
        name: PairNetwork.of(weights, weights.layers[0].shape[1])
        for name, weights in start.networks.items()
    }
    features = features_of(board.domain, everyone.items)
    config = checkerboard.config().items
    liked = everyone.liked("train")
    table = item_table.filled(liked, features, config, networks, progress=lambda *_: None)
    (_, _, _), (_, _, items) = pair
    again = ItemIndex.of(table, items.vectors, start.blend, start.new_blend)
    assert np.array_equal(items.neighbours, again.neighbours)
    assert np.array_equal(items.weights, again.weights)
    assert np.array_equal(items.query_factor, again.query_factor)


def test_its_choices_are_the_measured_models(pair):
    (_, voters, items), (_, shipped_voters, shipped_items) = pair
    assert (voters, items.blend) == (shipped_voters, shipped_items.blend)


def test_people_who_were_held_out_have_vectors_that_were_learned(board, pair):
    (users, _, _), (everybody, _, _) = pair
    assert len(everybody.user_vectors) == checkerboard.USERS > len(users.user_vectors)
    held_out = checkerboard.data_of(board).parts != 0
    # Before the first step no coordinate is above .05.
    learned = np.abs(everybody.user_vectors[held_out]).max(axis=1) > 0.05
    assert learned.mean() > 0.8  # the last batch of a pass, which is too short, is dropped
    likes = checkerboard.everyone_of(board).liked("train")
    assert np.array_equal(everybody.offsets, likes.indptr)
