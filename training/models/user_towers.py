"""The towers against users, and the strategies that answer from them.

`UserTowers` learns: the mean of the favourites' embeddings (query tower) against the embedding of
the user (candidate tower). `UserStrategies` answers, in a graph that is evaluated in Python and run
in JavaScript alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from training.config import Config
from training.data.dataset import Dataset
from training.data.examples import batches
from training.models import distribution
from training.models.fitting import Batches
from training.models.ops import masked_mean
from training.models.tensorflow_import import tf, tfrs


@dataclass(frozen=True)
class UserIndex:
    """What the towers learned, and what each user liked, the strongest first.

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
        # A user drawn twice in a batch must not count as a negative of itself.
        self.task = tfrs.tasks.Retrieval(remove_accidental_hits=True)

    def compute_loss(
        self, inputs: tuple[tf.Tensor, tf.Tensor], training: bool = False
    ) -> tf.Tensor:
        """Returns the in-batch softmax loss; of several replicas, this one's part of the sum.

        Args:
            inputs: favourites [B, F] int32 padded with -1, users [B] int32.
            training: Unused; the same either way.
        """
        favourites, users = inputs
        rows = distribution.Rows.of(users)
        queries = masked_mean(self.item_vectors(tf.maximum(favourites, 0)), favourites)  # [B, D]
        # Metrics in the step would rank every user for every query: 30 to 100 times its cost.
        return self.task(
            queries,
            rows.gathered(self.user_vectors(users)),
            candidate_ids=rows.gathered(users),
            compute_metrics=False,
        )

    def index(self, offsets: np.ndarray, items: np.ndarray) -> UserIndex:
        """Returns the towers' current vectors, and what each user liked (see `UserIndex`)."""
        vectors = self.item_vectors.embeddings.numpy(), self.user_vectors.embeddings.numpy()
        return UserIndex(*vectors, offsets=offsets, items=items)


def begin(
    data: Dataset, config: Config
) -> tuple[UserTowers, Batches, tuple[np.ndarray, np.ndarray]]:
    """Returns towers that have learned nothing yet, and what they learn from.

    Args:
        data: Prepared data; its train users are the candidates.
        config: Settings.

    Returns:
        The towers, compiled; endless batches; and what `strongest_items` returns.
    """
    tf.keras.utils.set_random_seed(config.train.seed)
    strengths, liked = data.strengths("train"), data.liked("train")
    with distribution.scope():
        towers = UserTowers(liked.shape[1], liked.shape[0], config.model.dim, config.train.seed)
        towers.compile(optimizer=tf.keras.optimizers.Adagrad(config.train.learning_rate))
    rng = np.random.default_rng(config.train.seed)
    drawn = batches(liked, config.model.favourites, config.train.batch, rng)
    pairs = strongest_items(strengths, config.model.user_items)
    return towers, ((favourites, users) for favourites, users, _ in drawn), pairs


def strongest_items(strengths: sp.csr_matrix, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns offsets [users + 1] and items [pairs], each user's items by falling strength.

    Args:
        strengths: [users, items] float32, 0 where not liked; its columns are sorted.
        most: Most items kept of a user.
    """
    row = np.repeat(np.arange(strengths.shape[0], dtype=np.int64), np.diff(strengths.indptr))
    # The bits of a float that is not negative are ordered as it is. A stable sort leaves equal
    # strengths ordered by index, hence by popularity.
    key = row << 32 | (2**32 - 1 - strengths.data.view(np.uint32).astype(np.int64))
    order = np.argsort(key, kind="stable")
    place = np.arange(strengths.nnz) - np.repeat(strengths.indptr[:-1], np.diff(strengths.indptr))
    items = strengths.indices[order][place < most].astype(np.int32)
    kept = np.minimum(np.diff(strengths.indptr), most)
    return np.concatenate([[0], np.cumsum(kept)]).astype(np.int32), items
