"""`train` on a GPU, and with `TF_CONFIG`."""

import json
import os

import pytest

from tests import checkerboard
from tests.cli.one_line import one_line
from training.models import device

pytestmark = pytest.mark.slow

SET = [word for setting in checkerboard.SETTINGS for word in ("--set", setting)]


def test_a_gpu_that_is_not_there_is_an_error_of_one_line_and_nothing_is_written(
    call, board, artifacts
):
    from training.models.tensorflow_import import tf

    if tf.config.list_physical_devices("GPU"):
        pytest.skip("there is a GPU")
    before = sorted((artifacts / "songs" / "model").iterdir())
    words = ("train", "songs", "--artifacts", artifacts, "--set", "train.device=gpu")
    code, shown, errors = call(*words, "--set", "train.seed=21")
    assert (code, shown) == (1, "")
    assert one_line(errors)
    assert "train.device=gpu: TensorFlow finds no GPU on this machine" in errors
    assert sorted((artifacts / "songs" / "model").iterdir()) == before


def test_a_model_is_kept_wherever_it_was_fitted(call, artifacts):
    words = ("train", "songs", "--artifacts", artifacts, "--set", "train.device=gpu")
    code, shown, errors = call(*words)
    assert (code, errors) == (0, "")
    assert "unchanged" in shown


def test_the_cpu_leaves_the_environment_as_it_is(monkeypatch):
    monkeypatch.delenv(device.VARIABLE, raising=False)
    device.use("cpu")
    assert device.VARIABLE not in os.environ


def test_a_worker_that_is_not_the_chief_runs_train_and_nothing_else(
    call, board, artifacts, monkeypatch
):
    task = {"type": "worker", "index": 1}
    config = {"cluster": {"worker": ["one:2222", "two:2222"]}, "task": task}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    words = ("--artifacts", artifacts, "--data", board.raw, *SET, "--set", "train.seed=21")
    code, _, errors = call("compare", "songs", *words)
    assert code == 1
    assert one_line(errors.splitlines(keepends=True)[-1])
    assert "worker 1 (two:2222): only worker 0 runs other commands" in errors


def test_a_wrong_tf_config_is_an_error_of_one_line(call, artifacts, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", '{"cluster": {"worker": ["one:2222", "two:2222"]}}')
    code, shown, errors = call("train", "songs", "--artifacts", artifacts)
    assert (code, shown) == (1, "")
    assert one_line(errors)
    assert "TF_CONFIG: task is missing" in errors
