"""A small network that learns from counts how strongly a favourite suggests an item.

The weight of a pair is exp(network(features of the pair)), and an item's score is the sum of its
pairs' weights over the favourites. It is trained by softmax over candidates, on users whose likes
are not among those that the features count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from training.config import ItemsConfig
from training.models.pair_queries import Query
from training.models.start import NetworkWeights
from training.models.tensorflow_import import tf
from training.parallel.blocks import in_threads
from training.progress import Progress

FeaturesOf = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(favourites [pairs], items [pairs]) -> features [pairs, features]."""
EPOCHS_SHARE, RATE_SHARE = 1 / 4, 1 / 3
"""Shares of the passes and of the learning rate for continuing from an earlier network."""
LEAST_RATE = 1e-9
"""Least learning rate that the setting allows."""
LIMIT = 20.0
"""Bound of a weight's logarithm."""
BLOCK = 1 << 18
"""Pairs whose features are computed at once in a thread."""


class PairNetwork:
    """Computes the weights of pairs.

    Args:
        mean: [features] of the pairs it learns from.
        deviation: [features] likewise.
        hidden: Units of its hidden layer.
    """

    def __init__(self, mean: np.ndarray, deviation: np.ndarray, hidden: int) -> None:
        self._mean, self._deviation = mean, deviation
        inputs = tf.keras.Input([len(mean)])
        bend = tf.keras.layers.Dense(hidden, "relu", kernel_initializer="he_normal")(inputs)
        small = tf.keras.initializers.RandomNormal(stddev=0.01)
        outputs = tf.keras.layers.Dense(1, use_bias=False, kernel_initializer=small)(bend)
        outputs += tf.keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")(inputs)
        self.layers = tf.keras.Model(inputs, outputs)

    @classmethod
    def of(cls, weights: NetworkWeights, hidden: int) -> PairNetwork:
        """Returns a network with these weights.

        Raises:
            ValueError: they are those of a network of another size.
        """
        network = cls(weights.mean, weights.deviation, hidden)
        network.layers.set_weights(list(weights.layers))
        return network

    def weights(self) -> NetworkWeights:
        """Returns what it has learned."""
        return NetworkWeights(self._mean, self._deviation, tuple(self.layers.get_weights()))

    def scaled(self, features: np.ndarray) -> np.ndarray:
        """Returns [pairs, features] float32 in deviations from the mean, within ±6."""
        return np.clip((features - self._mean) / self._deviation, -6, 6).astype(np.float32)

    def log_weights(
        self,
        features_of: FeaturesOf,
        f: np.ndarray,
        i: np.ndarray,
        *,
        block: int = BLOCK,
        progress: Progress | None = None,
    ) -> np.ndarray:
        """Returns [pairs] float32, the logarithms of the pairs' weights.

        Args:
            features_of: Returns the features of pairs.
            f: [pairs] indices of favourites.
            i: [pairs] indices of items.
            block: Pairs weighed at once.
            progress: Called after every block.
        """

        def weighed(f: np.ndarray, i: np.ndarray) -> np.ndarray:
            return np.asarray(self.layers(self.scaled(features_of(f, i))).numpy()[:, 0])

        found = [np.empty(0, np.float32)]
        for some in in_blocks(weighed, f, i, block):
            found.append(some)
            if progress is not None:
                progress(len(found) - 1, -(-len(f) // block), "weighing pairs")
        return np.clip(np.concatenate(found), -LIMIT, LIMIT)


def fit(
    parts: Iterable[tuple[FeaturesOf, list[Query]]],
    config: ItemsConfig,
    *,
    name: str,
    progress: Progress,
    start: NetworkWeights | None = None,
) -> PairNetwork:
    """Fits a network to queries.

    Args:
        parts: Lists of queries, each with the features of pairs, counted over other users; one
            after the other, because what counts them may be large.
        config: Settings.
        name: Of the network, for people.
        progress: Called after every pass.
        start: Weights of an earlier network to continue from, with its mean and deviation of the
            features, unless there are other features now: there are more once a year is known.

    Returns:
        The network.
    """
    tf.keras.utils.set_random_seed(config.seed)
    queries, tables = [], []
    for features_of, some in parts:
        queries += some
        tables.append(_features(features_of, some))
        del features_of  # so that what it counts can go before the next part is made
    lengths = [len(query.favourites) * len(query.candidates) for query in queries]
    features = np.concatenate(tables)
    del tables
    if start is None or len(start.mean) != features.shape[1]:
        network = PairNetwork(features.mean(axis=0), features.std(axis=0) + 1e-3, config.hidden)
    else:
        network, config = PairNetwork.of(start, config.hidden), _continuing(config)
    for first in range(0, len(features), BLOCK):  # in place: the whole takes a gigabyte or more
        features[first : first + BLOCK] = network.scaled(features[first : first + BLOCK])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    step = _step(network, config)
    rng = np.random.default_rng(config.seed)
    batch = min(config.batch, len(queries))
    steps, done = config.epochs * (len(queries) // batch), 0
    for epoch in range(config.epochs):
        order, losses = rng.permutation(len(queries)), []
        for first in range(0, len(order) - batch + 1, batch):
            chosen = order[first : first + batch]
            rows = np.concatenate([np.arange(starts[q], starts[q + 1]) for q in chosen])
            rate = config.learning_rate * (1 - 0.9 * done / steps)
            losses.append(step(features[rows], *_slots([queries[q] for q in chosen]), rate))
            done += 1
        progress(epoch + 1, config.epochs, f"{name}, loss {float(np.mean(losses)):.3f}")
    return network


def _continuing(config: ItemsConfig) -> ItemsConfig:
    epochs = max(1, round(config.epochs * EPOCHS_SHARE))
    rate = max(LEAST_RATE, config.learning_rate * RATE_SHARE)
    return replace(config, epochs=epochs, learning_rate=rate)


def _pairs(query: Query) -> tuple[np.ndarray, np.ndarray]:
    """Returns favourite and item of each pair of a query, item after item for each favourite."""
    f = np.repeat(query.favourites, len(query.candidates))
    return f, np.tile(query.candidates, len(query.favourites))


def _features(features_of: FeaturesOf, queries: list[Query]) -> np.ndarray:
    f, i = (np.concatenate(part) for part in zip(*map(_pairs, queries), strict=True))
    # The same favourites occur again and again, and are counted in every block.
    return np.concatenate(list(in_blocks(features_of, f, i, 4 * BLOCK)))


def in_blocks(
    work: FeaturesOf, f: np.ndarray, i: np.ndarray, block: int = BLOCK
) -> Iterator[np.ndarray]:
    """Yields what a function returns of pairs, some pairs at a time, on all cores."""
    blocks = [slice(start, start + block) for start in range(0, len(f), block)]
    return in_threads(lambda some: work(f[some], i[some]), blocks)


def _slots(queries: list[Query]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Numbers the (query, candidate) slots of a batch.

    Returns:
        The slot of each pair, the query of each slot, and 1 where a slot's item is a target.
    """
    counts = [len(q.candidates) for q in queries]
    first = np.concatenate([[0], np.cumsum(counts)])
    slot = [
        first[n] + np.tile(np.arange(c), len(queries[n].favourites)) for n, c in enumerate(counts)
    ]
    target = [np.arange(c) < queries[n].targets for n, c in enumerate(counts)]
    query = np.repeat(np.arange(len(queries)), counts)
    return (
        np.concatenate(slot).astype(np.int32),
        query.astype(np.int32),
        np.concatenate(target).astype(np.float32),
    )


def _step(network: PairNetwork, config: ItemsConfig) -> Callable[..., tf.Tensor]:
    """Returns one step of training: the mean over queries of the targets' softmax loss.

    A user with n targets counts sqrt(n): equal weights per user would neglect users with many
    targets, equal weights per target those with few.
    """
    adam = tf.keras.optimizers.legacy.Adam(config.learning_rate)
    variables = network.layers.trainable_variables
    width = network.layers.input_shape[1]
    sums = tf.math.unsorted_segment_sum
    spec = [
        tf.TensorSpec([None, width], tf.float32),
        tf.TensorSpec([None], tf.int32),
        tf.TensorSpec([None], tf.int32),
        tf.TensorSpec([None], tf.float32),
        tf.TensorSpec([], tf.float32),
    ]

    @tf.function(input_signature=spec)
    def step(features, slot, query, target, rate):  # type: ignore[no-untyped-def]
        slots, queries = tf.shape(query)[0], tf.reduce_max(query) + 1
        with tf.GradientTape() as tape:
            weights = tf.exp(tf.clip_by_value(network.layers(features)[:, 0], -LIMIT, LIMIT))
            scores = sums(weights, slot, slots)
            share = scores / tf.gather(sums(scores, query, queries), query)
            losses = -sums(target * tf.math.log(share + 1e-12), query, queries)
            loss = tf.reduce_mean(losses / tf.sqrt(sums(target, query, queries)))
            ridge = tf.add_n([tf.reduce_sum(v**2) for v in variables])
            total = loss + config.ridge * ridge
        adam.learning_rate.assign(rate)
        adam.apply_gradients(zip(tape.gradient(total, variables), variables))  # noqa: B905
        return loss

    return step
