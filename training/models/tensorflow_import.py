"""TensorFlow as this project needs it: with Keras 2, and without forty lines of output about CUDA.

Everything that uses TensorFlow imports it from here.
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator

from training.models import workers

__all__ = ["quiet", "tf", "tfrs"]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Hides what is written to standard output and error inside the block.

    The file descriptors are redirected, since C++ code does not use `sys.stderr`. Failures raise an
    exception; the output is about devices and other packages.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [(fd, os.dup(fd)) for fd in (1, 2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for fd, _ in kept:
            os.dup2(nowhere, fd)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
            sys.stdout.flush()
            sys.stderr.flush()
    finally:
        for fd, copy in kept:
            os.dup2(copy, fd)
            os.close(copy)
        os.close(nowhere)


# TFRS 0.7 is written for Keras 2.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# It would import IPython if the output is not a terminal.
os.environ.setdefault("TFDF_DISABLE_WELCOME_MESSAGE", "1")
# Towers of this size are no faster on a GPU, and with one kind of device a seed gives one ranking.
# For `train.device=gpu`, training.models.device has set it before.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
with quiet():
    import tensorflow as tf
    import tensorflow_recommenders as tfrs

    tf.get_logger().setLevel("ERROR")  # a graph for each strategy and size is no mistake
    if workers.named() is None:  # several connect first, see training.models.distribution
        tf.config.list_logical_devices()  # lists the devices now, while the output is hidden
