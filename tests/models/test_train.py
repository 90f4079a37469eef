"""Training: it learns, stops in time, and is reproducible."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from tests import checkerboard
from training.data.examples import queries_of
from training.models.ops import rank
from training.models.saved import load, save
from training.models.strategies import served as served_by
from training.models.train import fit_user_towers, train

pytestmark = pytest.mark.slow


def quiet(*_) -> None:
    """Ignores the progress."""


def fit(data, *settings, progress=quiet):
    """Returns the user towers' index and history."""
    config = checkerboard.config(*settings)
    validation_queries = queries_of(data, "validation", 3, config)
    return fit_user_towers(data, validation_queries, config, progress=progress)


@pytest.fixture(scope="module")
def data(board):
    return checkerboard.data_of(board)


def same(one, other) -> bool:
    pairs = zip(asdict(one).values(), asdict(other).values(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def test_the_same_seed_learns_the_same_and_another_seed_something_else(data):
    short = ("train.max_steps=20",)
    one, again = (fit(data, *short)[0] for _ in range(2))
    other, _ = fit(data, *short, "train.seed=21")
    assert same(one, again)
    assert not same(one, other)


def test_training_stops_when_measurements_improve_no_more_and_keeps_the_best(data):
    settings = ("train.eval_every=5", "train.patience=2", "train.max_steps=500")
    index, history = fit(data, *settings)
    steps = [step for step, _, _ in history.measurements]
    scores = [score for _, _, score in history.measurements]
    assert history.best_step == steps[int(np.argmax(scores))]
    assert steps[-1] == history.best_step + 2 * 5 < 500
    until = (*settings[:2], f"train.max_steps={history.best_step}")
    assert same(index, fit(data, *until)[0])


def test_every_measurement_is_reported_and_kept(data):
    reports = []
    _, history = fit(
        data, "train.max_steps=60", progress=lambda done, total, _: reports.append((done, total))
    )
    assert reports == [(20, 60), (40, 60), (60, 60)]
    assert [step for step, _, _ in history.measurements] == [20, 40, 60]
    assert all(np.isfinite(loss) and 0 <= score <= 1 for _, loss, score in history.measurements)


def test_the_index_contains_each_train_user_once_with_the_users_likes(data):
    index, _ = fit(data, "train.max_steps=20")
    liked = data.liked("train")
    assert index.item_vectors.shape == (checkerboard.ITEMS, 8)
    assert index.user_vectors.shape == (liked.shape[0], 8)
    for user in range(liked.shape[0]):
        own = index.items[index.offsets[user] : index.offsets[user + 1]]
        assert set(own.tolist()) == set(liked[user].indices.tolist())


def test_the_towers_distinguish_the_colours(board, data):
    index, _, _ = load(board.model)
    vectors = index.item_vectors / np.linalg.norm(index.item_vectors, axis=1, keepdims=True)
    colours = checkerboard.colours(data.items["item_id"].tolist())
    alike = colours[:, None] == colours[None, :]
    likeness = vectors @ vectors.T
    assert likeness[alike].mean() > likeness[~alike].mean() + 0.5


def test_load_returns_what_save_wrote(board, tmp_path):
    users, voters, items = load(board.model)
    save(users, voters, items, tmp_path)
    again = load(tmp_path)
    assert same(users, again[0])
    assert voters == again[1]
    assert same(items, again[2])


def test_the_same_seed_ranks_the_same_and_a_loaded_model_ranks_like_the_saved_one(board, tmp_path):
    data = checkerboard.data_of(board)
    config = checkerboard.config("train.max_steps=40", "items.epochs=2")
    lists = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        train(board.domain, data, config, folder, progress=quiet)
        validation_queries = queries_of(data, "validation", 3, config)
        lists.append(
            [
                rank(one.answer, validation_queries.favourites, 20, checkerboard.ITEMS)
                for one in served_by(folder, config)
            ]
        )
    for one, other in zip(*lists, strict=True):
        assert (one == other).all()


def test_the_history_names_the_best_step_of_each_pair_of_towers_and_the_seconds_of_each_part(board):
    history = json.loads((board.model / "history.json").read_text())
    for part in history["towers"].values():
        steps, _, scores = zip(*part["measurements"], strict=True)
        assert part["best_step"] == steps[int(np.argmax(scores))]
    assert set(history["seconds"]) == {
        "user towers",
        "voters",
        "item towers",
        "item table",
        "blend",
        "blend of new items",
        "everyone",
    }


def test_the_history_contains_each_strategys_settings_and_fitting_time(board):
    history = json.loads((board.model / "history.json").read_text())
    found, seconds = history["strategies"], history["seconds"]
    _, voters, items = load(board.model)
    assert {name: row["settings"] for name, row in found.items()} == {
        "items": {"blend": float(items.blend)},
        "voters": asdict(voters),
        "nearest-user": {},
    }
    assert found["nearest-user"]["fit_seconds"] == seconds["user towers"]
    assert found["voters"]["fit_seconds"] == seconds["user towers"] + seconds["voters"]
    assert found["items"]["fit_seconds"] == pytest.approx(
        seconds["item towers"]
        + seconds["item table"]
        + seconds["blend"]
        + seconds["blend of new items"]
    )


def test_fewer_steps_than_lie_between_two_measurements_are_run_and_measured(data):
    _, history = fit(data, "train.eval_every=50", "train.max_steps=10")
    assert [step for step, _, _ in history.measurements] == [10]
