"""Fitting by several worker processes together, with `tf.distribute.MultiWorkerMirroredStrategy`.

A global batch is divided among the replicas (one for each worker, or for each of its GPUs), and
candidates are gathered from all, so every query has the same negatives as in one process. The chief
measures, and the others take its result: whatever is decided is decided everywhere alike. One
process alone is a single replica, for which nothing here does anything.

Source:
    https://www.tensorflow.org/tutorials/distribute/multi_worker_with_keras
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass

import numpy as np

from training.errors import ConfigError, RecommenderError
from training.models.tensorflow_import import quiet, tf
from training.models.workers import Workers
from training.progress import Progress

_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError,
    tf.errors.InternalError,
)
"""What TensorFlow raises where another worker does not answer."""
_strategy: ContextVar[tf.distribute.Strategy | None] = ContextVar("strategy", default=None)


@contextlib.contextmanager
def together(workers: Workers | None, progress: Progress) -> Iterator[None]:
    """Fits of towers inside the block are made by all workers, each of which makes the same ones.

    Args:
        workers: None: this process fits alone, and nothing changes.
        progress: Called before it waits for the others.

    Raises:
        RecommenderError: another worker was lost, or never came.
    """
    if workers is None:
        yield
        return
    progress(0, 1, "waiting for the other workers")
    try:
        token = _strategy.set(_connected())
        try:
            yield
            from_chief(lambda: 0.0)  # nobody leaves while another still waits for a last answer
        finally:
            _strategy.reset(token)
    except _LOST as error:
        raise RecommenderError(
            f"{workers.text(workers.index)} lost another worker ({type(error).__name__}), so the "
            "towers are not fitted and nothing was written. Run the same command on every machine "
            "again"
        ) from error


@functools.cache
def _connected() -> tf.distribute.Strategy:
    """Returns the strategy of this process; waits for the other workers."""
    with quiet():
        return tf.distribute.MultiWorkerMirroredStrategy()


@contextlib.contextmanager
def scope() -> Iterator[None]:
    """Models that are made inside the block are fitted by all workers, if there are any."""
    strategy = _strategy.get()
    with strategy.scope() if strategy else contextlib.nullcontext():
        yield


def from_chief(measure: Callable[[], float]) -> float:
    """Returns what the chief measures; it waits for every worker.

    Machines may differ in the last bit of what they measure. They must not differ in whether they
    take another step.
    """
    strategy = _strategy.get()
    if strategy is None:
        return measure()
    is_chief = strategy.cluster_resolver.task_id == 0
    mine = tf.constant(measure() if is_chief else 0.0, tf.float64)

    def added() -> tf.Tensor:
        context = tf.distribute.get_replica_context()
        first = tf.equal(context.replica_id_in_sync_group, 0)
        return context.all_reduce(tf.distribute.ReduceOp.SUM, tf.where(first, mine, 0.0))

    return float(strategy.experimental_local_results(strategy.run(tf.function(added)))[0])


def examples(
    strategy: tf.distribute.Strategy, parts: list[np.ndarray], steps: int
) -> tf.data.Dataset:
    """Returns steps' batches as a data set without end, of which each replica takes its own rows.

    Args:
        strategy: The model's.
        parts: [steps * B, …] each, one batch after the other.
        steps: How many.

    Raises:
        ConfigError: a batch has fewer rows than there are replicas.
    """
    size, replicas = len(parts[0]) // steps, strategy.num_replicas_in_sync
    if size < replicas:
        raise ConfigError(f"a batch of {size} (train.batch) is too small for {replicas} workers")

    def rows(replica: int) -> tf.data.Dataset:
        start, end = (first_row(size, replicas, number) for number in (replica, replica + 1))
        own = (part.reshape(steps, size, *part.shape[1:])[:, start:end] for part in parts)
        flat = tuple(part.reshape(-1, *part.shape[2:]) for part in own)
        return tf.data.Dataset.from_tensor_slices(flat).batch(end - start)

    def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
        here = replicas // context.num_input_pipelines
        first = context.input_pipeline_id * here
        own = [rows(first + number) for number in range(here)]
        if here > 1:
            turns = tf.data.Dataset.range(here).repeat()
            return tf.data.Dataset.choose_from_datasets(own, turns).repeat().prefetch(8)
        return own[0].repeat().prefetch(8)

    return strategy.distribute_datasets_from_function(of_worker)


@dataclass(frozen=True)
class Rows:
    """Which rows of the global batch this replica has; None, None: all of them.

    Attributes:
        start: The first.
        size: Rows of the global batch, B.
    """

    start: tf.Tensor | None = None
    size: tf.Tensor | None = None

    @classmethod
    def of(cls, ids: tf.Tensor) -> Rows:
        """Returns the rows of this replica.

        Args:
            ids: [rows] one of each row.
        """
        context = tf.distribute.get_replica_context()
        replicas = context.num_replicas_in_sync
        if replicas == 1:
            return ALL
        size = context.all_reduce(tf.distribute.ReduceOp.SUM, tf.shape(ids)[0])
        return cls(first_row(size, replicas, context.replica_id_in_sync_group), size)

    def gathered(self, values: tf.Tensor) -> tf.Tensor:
        """Returns [B, …] of all replicas, the rows of this one in front; its gradient goes back.

        So the candidate of query i is candidate i, as `tfrs.tasks.Retrieval` wants it, and those of
        other replicas are negatives.

        Args:
            values: [rows, …] of this replica.
        """
        if self.start is None:
            return values
        # Its all_gather fails in a step of Keras where a worker has one replica ("destinations can
        # not be empty"). Adding up what is 0 elsewhere gives the same to the bit.
        context = tf.distribute.get_replica_context()
        after = self.size - self.start - tf.shape(values)[0]
        edges = [[self.start, after]] + [[0, 0]] * (len(values.shape) - 1)
        whole = context.all_reduce(tf.distribute.ReduceOp.SUM, tf.pad(values, edges))
        return tf.roll(whole, -self.start, axis=0)

    def uniform(self, shape: tf.Tensor) -> tf.Tensor:
        """Returns random numbers in 0..1, those that one process draws for the same rows.

        Args:
            shape: [rows, …] of this replica's.
        """
        if self.start is None:
            return tf.random.uniform(shape)
        whole = tf.random.uniform(tf.concat([[self.size], shape[1:]], axis=0))
        return whole[self.start : self.start + shape[0]]


ALL = Rows()
"""Those of a process that fits alone."""


def first_row(size: tf.Tensor | int, replicas: int, replica: tf.Tensor | int) -> tf.Tensor | int:
    """Returns a replica's first row of a batch; sizes differ by one row at most."""
    return size * replica // replicas
