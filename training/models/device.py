"""The device on which `train` fits: it must be chosen before TensorFlow is imported."""

from __future__ import annotations

import os
from typing import Literal

from training.errors import ConfigError

VARIABLE = "CUDA_VISIBLE_DEVICES"


def use(device: Literal["cpu", "gpu"]) -> None:
    """Chooses the device, for the rest of the process.

    Args:
        device: ``cpu``: GPUs stay hidden; ``gpu``: the first one is used. What the environment
            variable says is left as it is.

    Raises:
        ConfigError: there is no GPU that TensorFlow can use.
    """
    if device == "cpu":
        return
    os.environ.setdefault(VARIABLE, "0")
    from training.models.tensorflow_import import tf

    if not tf.config.list_physical_devices("GPU"):
        raise ConfigError(
            "train.device=gpu: TensorFlow finds no GPU on this machine "
            f"({VARIABLE}={os.environ[VARIABLE]}). Fit with --set train.device=cpu, "
            "or install the GPU's driver and `tensorflow[and-cuda]`"
        )
