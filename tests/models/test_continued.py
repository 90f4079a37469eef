"""Continuing from an earlier fit, on the checkerboard."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tests import checkerboard
from training.data.dataset import Dataset
from training.data.examples import queries_of
from training.data.features import features_of
from training.domains.domain import ITEM_ID
from training.models import continued, fitting, item_table, item_tower, train
from training.models import start as starts
from training.models.choices import BLENDS, VOTER_GRID
from training.models.item_networks import PAIRS
from training.models.saved import load

pytestmark = pytest.mark.slow

STILL = checkerboard.config("train.learning_rate=1e-9", "items.learning_rate=1e-9")
"""Settings with which nothing moves: what is learned is what was taken over."""


def quiet(*_) -> None:
    """Ignores the progress."""


@pytest.fixture(scope="module")
def start(board):
    return starts.load(board.model)


def reordered(data: Dataset) -> Dataset:
    """Returns the data with its items in another order, and an id nobody has seen first."""
    order = np.random.default_rng(3).permutation(len(data.items))
    place = np.argsort(order)
    items = data.items.iloc[order].reset_index(drop=True)
    items.loc[0, ITEM_ID] = "SONEW"
    rows = data.interactions.assign(item=place[data.interactions["item"]].astype("int32"))
    return Dataset(items, rows, data.parts, data.users)


@pytest.fixture(scope="module")
def other(board):
    return reordered(checkerboard.data_of(board))


def test_embeddings_follow_their_items_when_the_order_changes_and_new_items_start_fresh(
    other, start
):
    queries = queries_of(other, "validation", 3, STILL)
    index, _ = train.fit_user_towers(other, queries, STILL, progress=quiet, start=start)
    old = dict(zip(start.items.ids.tolist(), start.items.vectors, strict=True))
    ids = continued.item_ids(other).tolist()
    assert ids != start.items.ids.tolist()
    assert ids[0] not in old
    for id_, vector in list(zip(ids, index.item_vectors, strict=True))[1:]:
        assert vector == pytest.approx(old[id_], abs=1e-5)
    assert np.abs(index.item_vectors[0]).max() <= 0.05  # as initialised
    assert index.user_vectors == pytest.approx(start.users.vectors, abs=1e-5)


def test_tokens_follow_their_names(board, other, start):
    features = features_of(board.domain, other.items)
    queries = queries_of(other, "validation", 3, STILL)
    towers, history = item_tower.fit_towers(
        other.liked("train"),
        features,
        queries,
        STILL,
        progress=quiet,
        start=continued.item_embeddings(start, other, features),
    )
    old = dict(zip(start.tokens.ids.tolist(), start.tokens.vectors, strict=True))
    names = features.token_names().tolist()
    assert names != start.tokens.ids.tolist()
    found = towers.tokens.get_weights()[0]
    known = [(vector, old[name]) for name, vector in zip(names, found, strict=True) if name in old]
    assert len(known) > checkerboard.ITEMS / 2
    for vector, before in known:
        assert vector == pytest.approx(before, abs=1e-5)
    assert history.measurements[0][:2] == (0, None)


def test_users_are_taken_over_by_the_hash_of_their_id(board, start):
    data = checkerboard.data_of(board)
    users = data.users.copy()
    first, second = np.flatnonzero(data.parts == 0)[:2]
    users[[first, second]] = users[second], 1
    moved = replace(data, users=users)
    queries = queries_of(moved, "validation", 3, STILL)
    index, _ = train.fit_user_towers(moved, queries, STILL, progress=quiet, start=start)
    assert index.user_vectors[0] == pytest.approx(start.users.vectors[1], abs=1e-5)
    assert np.abs(index.user_vectors[1]).max() <= 0.05  # as initialised


def test_the_network_of_pairs_continues_from_its_weights(board, start):
    data = checkerboard.data_of(board)
    table = item_table.fit(
        data.liked("train"),
        features_of(board.domain, data.items),
        STILL.items,
        progress=quiet,
        start=start.networks,
    )
    found, before = table.networks[PAIRS].weights(), start.networks[PAIRS]
    assert (found.mean == before.mean).all()
    assert (found.deviation == before.deviation).all()
    for now, then in zip(found.layers, before.layers, strict=True):
        assert now == pytest.approx(then, abs=1e-5)


@pytest.fixture(scope="module")
def chosen(board, start):
    """A start with other choices than validation would make."""
    _, voters, items = load(board.model)
    another = next(one for one in VOTER_GRID if one != voters)
    blend = next(one for one in BLENDS if one != items.blend)
    return replace(start, voters=vars(another), blend=blend, new_blend=1.5)


@pytest.fixture(scope="module")
def twice(board, chosen, tmp_path_factory):
    """The folders of two warm fits from one start."""
    folders = [tmp_path_factory.mktemp("warm") for _ in range(2)]
    for folder in folders:
        data, config = checkerboard.data_of(board), checkerboard.config()
        train.train(board.domain, data, config, folder, progress=quiet, start=chosen)
    return folders


def test_choices_are_kept_and_left_for_the_next_fit(twice, chosen):
    _, voters, items = load(twice[0])
    assert (vars(voters), float(items.blend)) == (chosen.voters, chosen.blend)
    left = starts.load(twice[0])
    assert (left.voters, left.blend, left.new_blend) == (chosen.voters, chosen.blend, 1.5)


def test_a_warm_fit_trains_for_a_share_of_the_steps_and_measures_what_it_begins_with(twice):
    history = json.loads((twice[0] / "history.json").read_text())
    for towers in history["towers"].values():
        steps, losses, scores = zip(*towers["measurements"], strict=True)
        assert (steps[0], losses[0]) == (0, None)
        assert steps[-1] == round(160 * fitting.STEPS_SHARE)
        assert max(scores) > 0.7
        assert towers["best_step"] == steps[int(np.argmax(scores))]


def test_a_warm_fit_is_the_same_each_time(twice):
    one, other = (load(folder) for folder in twice)
    for a, b in zip(one[::2], other[::2], strict=True):
        assert all(map(np.array_equal, vars(a).values(), vars(b).values()))
