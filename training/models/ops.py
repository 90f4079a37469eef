"""TensorFlow operations that the strategies share; all of them convert to TensorFlow.js."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from training.errors import ConfigError
from training.models.tensorflow_import import tf
from training.ranking.metrics import without

Outputs = dict[str, tf.Tensor]
"""Outputs of a strategy by the names of the bundle's contract: items, scores, …; each [B, …]."""


Answer = Callable[[tf.Tensor, int], Outputs]
"""(favourites [B, F] int32 padded with -1, number of results) -> outputs."""


def rounded(values: np.ndarray, dtype: str) -> np.ndarray:
    """Returns float32 values that the export's type can hold exactly.

    Rounding before, not after, makes Python's answers and JavaScript's the same.

    Raises:
        ConfigError: the type is neither float16 nor float32.
    """
    if dtype not in ("float16", "float32"):
        raise ConfigError(f"export.dtype={dtype}: expected float16 or float32")
    return values.astype(dtype).astype(np.float32)


def masked_mean(vectors: tf.Tensor, favourites: tf.Tensor) -> tf.Tensor:
    """Returns the mean of the vectors of real favourites.

    Args:
        vectors: [B, F, D].
        favourites: [B, F], -1 where there is none.
    """
    real = tf.cast(favourites >= 0, vectors.dtype)[..., tf.newaxis]  # [B, F, 1]
    count = tf.maximum(tf.reduce_sum(real, axis=1), 1.0)
    return tf.reduce_sum(vectors * real, axis=1) / count  # [B, D]


def add_up(items: tf.Tensor, values: tf.Tensor, count: int) -> tf.Tensor:
    """Sums values by item.

    Args:
        items: [B, ...] int32, indices within 0..count-1.
        values: [B, ...] float32, 0 where there is nothing to add.
        count: Number of items.

    Returns:
        [B, count] float32.
    """
    batch = tf.shape(items)[0]
    flat = tf.reshape(items, [batch, -1])
    flat += tf.range(batch)[:, tf.newaxis] * count
    sums = tf.scatter_nd(
        tf.reshape(flat, [-1, 1]), tf.reshape(values, [-1]), tf.stack([batch * count])
    )
    return tf.reshape(sums, [batch, count])


def added_by_favourite(
    items: tf.Tensor, values: tf.Tensor, found: tf.Tensor, count: int
) -> tf.Tensor:
    """Sums values by item, separately for each favourite.

    Args:
        items: [B, F, P] int32, indices within 0..count-1.
        values: [B, F, P] float32, 0 where there is nothing to add.
        found: [B, R] int32 requested items, -1 where there is none.
        count: Number of items.

    Returns:
        [B, F, R] float32, 0 where no item is requested.
    """
    batch, most = tf.shape(items)[0], items.shape[1]
    rows = [batch * most, -1]
    table = add_up(tf.reshape(items, rows), tf.reshape(values, rows), count)
    table = tf.reshape(table, [batch, most, count])
    added = tf.gather(table, tf.maximum(found, 0), axis=2, batch_dims=1)
    return added * tf.cast(found >= 0, tf.float32)[:, tf.newaxis]


def shares(added: tf.Tensor) -> tf.Tensor:
    """Returns [B, R, F], each favourite's share of each item; [B, F, R] is what it adds."""
    added = tf.transpose(added, [0, 2, 1])
    return ratio(added, tf.reduce_sum(added, axis=2, keepdims=True))


def directions(vectors: tf.Tensor, found: tf.Tensor) -> tf.Tensor:
    """Returns [B, R, D] the found items' vectors, of length 1; 0 where there is no item."""
    there = tf.cast(found >= 0, tf.float32)[..., tf.newaxis]
    chosen = tf.gather(vectors, tf.maximum(found, 0)) * there
    length = tf.sqrt(tf.reduce_sum(chosen * chosen, axis=2, keepdims=True))
    return ratio(chosen, length)


def ratio(part: tf.Tensor, whole: tf.Tensor) -> tf.Tensor:
    """Returns part / whole; the part if the whole is 0.

    There is no minimum for the whole: as float16 a small constant would become 0.
    """
    return part / (whole + tf.cast(whole <= 0, tf.float32))


def best(totals: tf.Tensor, results: int) -> Outputs:
    """Returns [B, results] items and scores, best first; -1 and 0 where no score is above 0."""
    scores, items = tf.math.top_k(totals, k=results)
    return {"items": tf.where(scores > 0, items, -1), "scores": tf.maximum(scores, 0.0)}


def answers(
    answer: Answer,
    favourites: np.ndarray,
    results: int,
    items: int,
    names: tuple[str, ...] = ("items", "scores", "vectors"),
    batch: int = 32,
) -> dict[str, np.ndarray]:
    """Answers many queries with a strategy.

    Args:
        answer: The strategy.
        favourites: [Q, F] int32, padded with -1.
        results: Length of the answers.
        items: Number of items.
        names: Outputs wanted; one that the strategy lacks is left out.
        batch: Queries answered at once; the voters' lists take batch x voters x longest numbers.

    Returns:
        By name, [Q, min(results, items), ...]; favourites are among the items.
    """
    signature = tf.TensorSpec([None, favourites.shape[1]], tf.int32)

    def chosen(asked: tf.Tensor) -> Outputs:
        outputs = answer(asked, min(results, items))
        return {name: outputs[name] for name in names if name in outputs}

    graph = tf.function(chosen, input_signature=[signature], autograph=False)
    parts = [
        graph(tf.constant(favourites[i : i + batch])) for i in range(0, len(favourites), batch)
    ]
    return {name: np.concatenate([part[name].numpy() for part in parts]) for name in parts[0]}


def rank(answer: Answer, favourites: np.ndarray, results: int, items: int) -> np.ndarray:
    """Ranks items for many queries with a strategy, favourites dropped.

    Args:
        answer: The strategy.
        favourites: [Q, F] int32, padded with -1.
        results: Length of the lists returned.
        items: Number of items.

    Returns:
        [Q, results] int32, best first, -1 where the list has ended.
    """
    asked = results + favourites.shape[1]
    found = answers(answer, favourites, asked, items, ("items",))
    return without(found["items"], favourites, results)
