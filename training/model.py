"""The towers against users, and the strategies that answer from them.

`UserTowers` learns: the mean of the favourites' embeddings (query tower) against the embedding of
the user (candidate tower). `UserStrategies` answers, in a graph that is evaluated in Python and run
in JavaScript alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from training.errors import ConfigError
from training.metrics import without
from training.tensorflow_import import tf, tfrs

Outputs = dict[str, tf.Tensor]
"""Outputs of a strategy by the names of the bundle's contract: items, scores, …; each [B, …]."""
Answer = Callable[[tf.Tensor, int], Outputs]
"""(favourites [B, F] int32 padded with -1, number of results) -> outputs."""


@dataclass(frozen=True)
class Strategy:
    """A way to recommend, as shown to visitors."""

    name: str
    title: str
    description: str


NEAREST_USER = Strategy(
    "nearest-user",
    "The most similar person",
    "Finds the one person whose taste is closest to yours and lists what that person liked most.",
)
VOTERS = Strategy(
    "voters",
    "A vote of similar people",
    "Counts what the people whose taste is closest to yours liked.",
)


@dataclass(frozen=True)
class UserIndex:
    """What the towers learned, and what each user liked, his strongest first.

    Attributes:
        item_vectors: [items, D] float32.
        user_vectors: [users, D] float32.
        offsets: [users + 1] int32; user u's items are ``items[offsets[u]:offsets[u + 1]]``.
        items: [pairs] int32.
    """

    item_vectors: np.ndarray
    user_vectors: np.ndarray
    offsets: np.ndarray
    items: np.ndarray


class UserTowers(tfrs.Model):  # type: ignore[misc]
    """The towers of the original: favourites against users.

    Args:
        items: Number of items.
        users: Number of users.
        dim: Embedding dimension.
        seed: For the initial embeddings.
    """

    def __init__(self, items: int, users: int, dim: int, seed: int) -> None:
        super().__init__()
        start = tf.keras.initializers.RandomUniform(-0.05, 0.05, seed=seed)
        self.item_vectors = tf.keras.layers.Embedding(items, dim, embeddings_initializer=start)
        self.user_vectors = tf.keras.layers.Embedding(users, dim, embeddings_initializer=start)
        for layer in (self.item_vectors, self.user_vectors):
            layer.build(None)
        # A user drawn twice in a batch must not count as his own negative.
        self.task = tfrs.tasks.Retrieval(remove_accidental_hits=True)

    def compute_loss(
        self, inputs: tuple[tf.Tensor, tf.Tensor], training: bool = False
    ) -> tf.Tensor:
        """Returns the in-batch softmax loss.

        Args:
            inputs: favourites [B, F] int32 padded with -1, users [B] int32.
            training: Unused; the same either way.
        """
        favourites, users = inputs
        queries = masked_mean(self.item_vectors(tf.maximum(favourites, 0)), favourites)  # [B, D]
        # Metrics in the step would rank every user for every query: 30 to 100 times its cost.
        return self.task(
            queries, self.user_vectors(users), candidate_ids=users, compute_metrics=False
        )

    def index(self, offsets: np.ndarray, items: np.ndarray) -> UserIndex:
        """Returns what the towers know now, beside what each user liked (see `UserIndex`)."""
        vectors = self.item_vectors.embeddings.numpy(), self.user_vectors.embeddings.numpy()
        return UserIndex(*vectors, offsets=offsets, items=items)


def masked_mean(vectors: tf.Tensor, favourites: tf.Tensor) -> tf.Tensor:
    """Returns the mean of the vectors of real favourites.

    Args:
        vectors: [B, F, D].
        favourites: [B, F], -1 where there is none.
    """
    real = tf.cast(favourites >= 0, vectors.dtype)[..., tf.newaxis]  # [B, F, 1]
    count = tf.maximum(tf.reduce_sum(real, axis=1), 1.0)
    return tf.reduce_sum(vectors * real, axis=1) / count  # [B, D]


ITEMS = Strategy(
    "items",
    "What goes with your favourites",
    "Ranks what people who share your favourites also like, plus items from the same creators and "
    "similar ones.",
)


@dataclass(frozen=True)
class VoterSettings:
    """How votes are counted; chosen on validation users.

    Attributes:
        voters: Number of most similar users who vote.
        temperature: Of the softmax over their similarities: low lets the closest decide.
        length_power: A user with n items gives each n ** -length_power of his weight.
    """

    voters: int = 200
    temperature: float = 1.0
    length_power: float = 0.5


def strongest_items(strengths: sp.csr_matrix, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns offsets [users + 1] and items [pairs], each user's items by falling strength.

    Args:
        strengths: [users, items] float32, nothing where not liked.
        most: Most items kept of a user.
    """
    row = np.repeat(np.arange(strengths.shape[0]), np.diff(strengths.indptr))
    # Equal strengths stand by index, hence by popularity.
    order = np.lexsort((strengths.indices, -strengths.data, row))
    place = np.arange(strengths.nnz) - np.repeat(strengths.indptr[:-1], np.diff(strengths.indptr))
    items = strengths.indices[order][place < most].astype(np.int32)
    kept = np.minimum(np.diff(strengths.indptr), most)
    return np.concatenate([[0], np.cumsum(kept)]).astype(np.int32), items


def rounded(values: np.ndarray, dtype: str) -> np.ndarray:
    """Returns float32 values that the export's type can hold exactly.

    Rounding before, not after, makes Python's answers and JavaScript's the same.

    Raises:
        ConfigError: the type is neither float16 nor float32.
    """
    if dtype not in ("float16", "float32"):
        raise ConfigError(f"export.dtype={dtype}: expected float16 or float32")
    return values.astype(dtype).astype(np.float32)


class UserStrategies(tf.Module):  # type: ignore[misc]
    """`nearest-user` and `voters` over one index of users.

    Args:
        index: What was learned.
        settings: How votes are counted.
        dtype: Type of the exported weights.
    """

    def __init__(self, index: UserIndex, settings: VoterSettings, dtype: str) -> None:
        super().__init__()
        lengths = np.diff(index.offsets)
        self._count = index.item_vectors.shape[0]
        self._voters = min(settings.voters, len(lengths))
        self._longest = int(lengths.max())
        self._item_vectors = tf.constant(rounded(index.item_vectors, dtype))
        # The temperature is folded in: a constant of its own would be rounded at export.
        self._user_vectors = tf.constant(rounded(index.user_vectors / settings.temperature, dtype))
        self._weights = tf.constant(
            rounded(np.maximum(lengths, 1) ** -settings.length_power, dtype)
        )
        self._offsets = tf.constant(index.offsets)
        # Room behind the last user's items: a place past his end is read, and weighs nothing.
        self._items = tf.constant(np.pad(index.items, (0, self._longest)))

    def _similar(self, favourites: tf.Tensor, count: int) -> tuple[tf.Tensor, tf.Tensor]:
        queries = masked_mean(self._vectors_of(favourites), favourites)  # [B, D]
        similarity = tf.matmul(queries, self._user_vectors, transpose_b=True)  # [B, users]
        return tf.math.top_k(similarity, k=count)

    def _vectors_of(self, favourites: tf.Tensor) -> tf.Tensor:
        return tf.gather(self._item_vectors, tf.maximum(favourites, 0))  # [B, F, D]

    def _items_of(self, users: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Lists what users like, one after the other.

        Args:
            users: [B, V] int32.

        Returns:
            [B, V * longest] items; 1 where the place is real, else 0, float32; and [V * longest]
            the user, 0..V - 1, of each place.
        """
        # Every array has its full shape from the start: TensorFlow.js is slow at broadcasting.
        count = users.shape[1]
        user = np.repeat(np.arange(count, dtype=np.int32), self._longest)
        place = np.tile(np.arange(self._longest, dtype=np.int32), count)
        start = tf.gather(tf.gather(self._offsets, users), user, axis=1)
        end = tf.gather(tf.gather(self._offsets, users + 1), user, axis=1)
        places = start + place
        return tf.gather(self._items, places), tf.cast(places < end, tf.float32), tf.constant(user)

    def nearest_user(self, favourites: tf.Tensor, results: int) -> Outputs:
        """Returns the nearest user's items, his strongest first; scores are 1 / place."""
        _, users = self._similar(favourites, 1)  # [B, 1]
        items, real, _ = self._items_of(users)  # [B, longest]
        items = tf.where(real > 0, items, -1)[:, :results]
        short = max(0, results - self._longest)
        items = tf.pad(items, [[0, 0], [0, short]], constant_values=-1)
        scores = 1.0 / tf.cast(tf.range(1, results + 1), tf.float32)
        return {"items": items, "scores": tf.where(items >= 0, scores, 0.0)}

    def voters(self, favourites: tf.Tensor, results: int) -> Outputs:
        """Returns the items with most votes, why, and their directions.

        A score is a share of all votes. A vote is cast for the favourites that brought the voter
        near, each for its part in his similarity.
        """
        similarity, users = self._similar(favourites, self._voters)  # [B, V]
        votes = tf.nn.softmax(similarity) * tf.gather(self._weights, users)
        items, real, user = self._items_of(users)  # [B, V * longest]
        totals = add_up(items, tf.gather(votes, user, axis=1) * real, self._count)  # [B, items]
        answer = best(totals, results)
        parts = self._parts(favourites, users) * votes[:, tf.newaxis]  # [B, F, V]
        brought = tf.gather(parts, user, axis=2) * real[:, tf.newaxis]  # [B, F, V * longest]
        items = tf.tile(items[:, tf.newaxis], [1, favourites.shape[1], 1])
        answer["shares"] = shares(spoken(items, brought, answer["items"], self._count))
        answer["vectors"] = directions(self._item_vectors, answer["items"])
        return answer

    def _parts(self, favourites: tf.Tensor, users: tf.Tensor) -> tf.Tensor:
        """Returns [B, F, V], the part of each favourite in what makes a user similar."""
        real = tf.cast(favourites >= 0, tf.float32)[..., tf.newaxis]  # [B, F, 1]
        voters = tf.gather(self._user_vectors, users)  # [B, V, D]
        near = tf.matmul(self._vectors_of(favourites), voters, transpose_b=True)
        near = tf.maximum(near, 0.0) * real
        return ratio(near, tf.reduce_sum(near, axis=1, keepdims=True))


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


def spoken(items: tf.Tensor, values: tf.Tensor, found: tf.Tensor, count: int) -> tf.Tensor:
    """Sums values by item, each favourite's apart.

    Args:
        items: [B, F, P] int32, indices within 0..count-1.
        values: [B, F, P] float32, 0 where there is nothing to add.
        found: [B, R] int32 items that are asked for, -1 where there is none.
        count: Number of items.

    Returns:
        [B, F, R] float32, 0 where no item is asked for.
    """
    batch, most = tf.shape(items)[0], items.shape[1]
    rows = [batch * most, -1]
    table = add_up(tf.reshape(items, rows), tf.reshape(values, rows), count)
    table = tf.reshape(table, [batch, most, count])
    told = tf.gather(table, tf.maximum(found, 0), axis=2, batch_dims=1)
    return told * tf.cast(found >= 0, tf.float32)[:, tf.newaxis]


def shares(told: tf.Tensor) -> tf.Tensor:
    """Returns [B, R, F], each favourite's share of each item; [B, F, R] is what it adds."""
    told = tf.transpose(told, [0, 2, 1])
    return ratio(told, tf.reduce_sum(told, axis=2, keepdims=True))


def directions(vectors: tf.Tensor, found: tf.Tensor) -> tf.Tensor:
    """Returns [B, R, D] the found items' vectors, of length 1; 0 where there is no item."""
    there = tf.cast(found >= 0, tf.float32)[..., tf.newaxis]
    chosen = tf.gather(vectors, tf.maximum(found, 0)) * there
    length = tf.sqrt(tf.reduce_sum(chosen * chosen, axis=2, keepdims=True))
    return ratio(chosen, length)


def ratio(part: tf.Tensor, whole: tf.Tensor) -> tf.Tensor:
    """Returns part / whole; the part where there is no whole.

    No least whole stands in the graph: as float16 a small constant would become 0.
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
    """Asks a strategy many queries.

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

    graph = tf.function(chosen, input_signature=[signature])
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
