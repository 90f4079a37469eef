"""Workers that fit the towers together: as one process does, and not without one of them."""

import json
import os
import signal
import time
from types import SimpleNamespace

import numpy as np
import pytest

from tests import checkerboard, loopback
from tests.cli.one_line import one_line
from training.data.features import features_of
from training.errors import ConfigError
from training.models import distribution, item_tower, shipped, user_towers
from training.models import start as starts
from training.models.saved import load
from training.models.tensorflow_import import tf, tfrs

pytestmark = pytest.mark.slow

WORKERS = 3  # 64 queries are not divisible by it
CLOSE = 1e-4
"""Largest relative difference that float32 sums in another order may make after 160 steps."""


@pytest.fixture(scope="module")
def trained(board, tmp_path_factory):
    """Trains with three workers of which one is killed, and then with three again."""
    folders = loopback.prepared_copy(board, tmp_path_factory.mktemp("workers"))
    with loopback.training(folders, WORKERS) as processes:
        fresh = folders.model.with_name("model.new.tmp")
        while not list(fresh.rglob("events*")):  # the first measurement of the first fit
            assert all(process.poll() is None for process in processes)
            time.sleep(0.05)
        os.kill(processes[2].pid, signal.SIGKILL)
        after_kill = [loopback.ended(process) for process in processes[:2]]
    left = sorted(path.name for path in folders.home.iterdir())
    with loopback.training(folders, WORKERS) as processes:
        ends = [loopback.ended(process) for process in processes]
    return SimpleNamespace(folders=folders, after_kill=after_kill, left=left, ends=ends)


def test_a_killed_worker_ends_the_others_with_one_line_and_nothing_is_left(trained):
    for code, shown, errors in trained.after_kill:
        assert (code, shown) == (1, "")
        assert one_line(errors)
        assert "lost another worker" in errors
        assert "Run the same command on every machine again" in errors
    assert trained.left == [".lock", "prepared"]


def test_every_worker_says_what_it_did_and_only_the_first_writes_the_model(trained):
    assert [(code, errors) for code, _, errors in trained.ends] == [(0, "")] * WORKERS
    (_, chief, _), *others = trained.ends
    assert "user towers best after" in chief
    for _, shown, _ in others:
        assert shown.count("\n") == 1
        assert "the towers are fitted; worker 0 (127.0.0.1:" in shown


def towers_of(folders):
    return json.loads((folders.model / "history.json").read_text())["towers"]


def test_the_loss_of_every_measurement_is_that_of_one_process(board, trained):
    one, several = towers_of(board), towers_of(trained.folders)
    for name, alone in one.items():
        steps, losses, scores = zip(*alone["measurements"], strict=True)
        found = zip(*several[name]["measurements"], strict=True)
        assert next(found) == steps
        assert next(found) == pytest.approx(losses, rel=CLOSE)
        assert next(found) == pytest.approx(scores, abs=0.01)  # near ties may change places


def test_the_embeddings_are_those_of_one_process_measured_and_shipped(board, trained):
    one, several = starts.load(board.model), starts.load(trained.folders.model)
    pairs = [
        (getattr(one, name).vectors, getattr(several, name).vectors)
        for name in ("items", "users", "own", "tokens")
    ]
    (one_users, _, one_items), (users, _, items) = (
        load(folders.model / shipped.FOLDER) for folders in (board, trained.folders)
    )
    pairs += [(one_users.user_vectors, users.user_vectors), (one_items.vectors, items.vectors)]
    for alone, together in pairs:
        assert np.linalg.norm(together - alone) < 1e-3 * np.linalg.norm(alone)


def quiet(*_) -> None:
    """Ignores the progress."""


def test_the_towers_losses_are_those_of_tensorflow_recommenders(board):
    data, config = checkerboard.data_of(board), checkerboard.config("items.dropped=0")
    task = tfrs.tasks.Retrieval(remove_accidental_hits=True)
    users, drawn, _ = user_towers.begin(data, config)
    favourites, people = next(drawn)
    queries = mean(users.item_vectors.get_weights()[0], favourites)
    wanted = task(queries, users.user_vectors(people), candidate_ids=people)
    assert float(users.compute_loss((favourites, people))) == pytest.approx(float(wanted))

    features, liked = features_of(board.domain, data.items), data.liked("train")
    items, drawn = item_tower.begin(liked, features, config)
    favourites, targets, chance = next(drawn)
    vectors = items.all_vectors()
    wanted = task(
        mean(vectors, favourites),
        vectors[targets],
        candidate_ids=targets,
        candidate_sampling_probability=chance,
    )
    found = items.compute_loss((favourites, targets, chance), training=True)
    assert float(found) == pytest.approx(float(wanted))


def mean(vectors: np.ndarray, favourites: np.ndarray) -> np.ndarray:
    real = (favourites >= 0).astype(np.float32)[..., None]
    return (vectors[np.maximum(favourites, 0)] * real).sum(axis=1) / real.sum(axis=1)


@pytest.mark.parametrize("size", [3, 4, 7, 64])
def test_the_replicas_rows_are_a_batch_divided(size):
    starts = [distribution.first_row(size, 3, replica) for replica in range(4)]
    lengths = np.diff(starts)
    assert (starts[0], starts[-1]) == (0, size)
    assert lengths.min() >= 1
    assert lengths.max() - lengths.min() <= 1


def test_a_batch_smaller_than_the_workers_are_many_is_refused():
    strategy = SimpleNamespace(num_replicas_in_sync=3)
    with pytest.raises(ConfigError, match=r"a batch of 2 .* is too small for 3 workers"):
        distribution.examples(strategy, [np.zeros((8, 1))], 4)


def test_one_process_alone_measures_and_has_all_rows():
    with distribution.together(None, quiet), distribution.scope():
        assert distribution.from_chief(lambda: 0.25) == 0.25
        assert distribution.Rows.of(tf.constant([1, 2])) is distribution.ALL
