"""The strategies `nearest-user` and `voters`, which answer from the towers against users.

Python evaluates the same graph that JavaScript runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.models.ops import (
    Outputs,
    add_up,
    added_by_favourite,
    best,
    directions,
    masked_mean,
    ratio,
    rounded,
    shares,
)
from training.models.strategy import Strategy
from training.models.tensorflow_import import tf
from training.models.user_towers import UserIndex

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
class VoterSettings:
    """How votes are counted; chosen on validation users.

    Attributes:
        voters: Number of most similar users who vote.
        temperature: Of the softmax over their similarities: at a low one the closest decide.
        length_power: Each item of a user with n items counts n ** -length_power.
    """

    voters: int = 200
    temperature: float = 1.0
    length_power: float = 0.5


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
        # The temperature is multiplied in: a separate constant would be rounded at export.
        self._user_vectors = tf.constant(rounded(index.user_vectors / settings.temperature, dtype))
        self._weights = tf.constant(
            rounded(np.maximum(lengths, 1) ** -settings.length_power, dtype)
        )
        self._offsets = tf.constant(index.offsets)
        # Padding: places past the end of the last user's items are read with weight 0.
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
        """Returns the nearest user's items, the strongest first; scores are 1 / place."""
        _, users = self._similar(favourites, 1)  # [B, 1]
        items, real, _ = self._items_of(users)  # [B, longest]
        items = tf.where(real > 0, items, -1)[:, :results]
        short = max(0, results - self._longest)
        items = tf.pad(items, [[0, 0], [0, short]], constant_values=-1)
        scores = 1.0 / tf.cast(tf.range(1, results + 1), tf.float32)
        return {"items": items, "scores": tf.where(items >= 0, scores, 0.0)}

    def voters(self, favourites: tf.Tensor, results: int) -> Outputs:
        """Returns the items with most votes, their shares, and their vectors.

        A score is a share of all votes. A vote is divided among the favourites by their
        parts in the voter's similarity.
        """
        similarity, users = self._similar(favourites, self._voters)  # [B, V]
        votes = tf.nn.softmax(similarity) * tf.gather(self._weights, users)
        items, real, user = self._items_of(users)  # [B, V * longest]
        totals = add_up(items, tf.gather(votes, user, axis=1) * real, self._count)  # [B, items]
        answer = best(totals, results)
        parts = self._parts(favourites, users) * votes[:, tf.newaxis]  # [B, F, V]
        brought = tf.gather(parts, user, axis=2) * real[:, tf.newaxis]  # [B, F, V * longest]
        items = tf.tile(items[:, tf.newaxis], [1, favourites.shape[1], 1])
        by_favourite = added_by_favourite(items, brought, answer["items"], self._count)
        answer["shares"] = shares(by_favourite)
        answer["vectors"] = directions(self._item_vectors, answer["items"])
        return answer

    def _parts(self, favourites: tf.Tensor, users: tf.Tensor) -> tf.Tensor:
        """Returns [B, F, V], the part of each favourite in a user's similarity."""
        real = tf.cast(favourites >= 0, tf.float32)[..., tf.newaxis]  # [B, F, 1]
        voters = tf.gather(self._user_vectors, users)  # [B, V, D]
        near = tf.matmul(self._vectors_of(favourites), voters, transpose_b=True)
        near = tf.maximum(near, 0.0) * real
        return ratio(near, tf.reduce_sum(near, axis=1, keepdims=True))
