"""The dense part of the strategy `items`: favourites against *items*, with features of both.

An item's vector is its own embedding plus its tokens' (creator, title words, publisher, decade).
Its own embedding is dropped at random in training, so that the tokens learn to represent items that
nobody has liked yet.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from training.config import Config
from training.data.examples import Queries, batches
from training.data.features import ItemFeatures
from training.models import distribution, fitting
from training.models.distribution import Rows
from training.models.fitting import Batches, History
from training.models.ops import masked_mean
from training.models.tensorflow_import import tf, tfrs
from training.progress import Progress
from training.ranking.metrics import ndcg_at
from training.ranking.scoring import one_hot, rank_scores

MOST_CELLS, LEAST_MEASURED = 200_000_000, 1000
"""Most queries x items that are scored to measure the towers, and the least queries, if there are
as many. The time of a measurement is proportional to both."""


class ItemTower(tfrs.Model):  # type: ignore[misc]
    """Query tower: mean of the favourites' vectors; candidate tower: an item's vector.

    Args:
        bags: [items, T] int32 tokens of each item, 0 where there is none.
        tokens: Number of tokens, 0 included.
        dim: Dimension of the vectors.
        dropped: Share, 0..1, of own embeddings left out of a step.
        seed: For the initial embeddings.

    Source:
        Volkovs, Yu & Poutanen, "DropoutNet: Addressing Cold Start in Recommender Systems",
        NeurIPS 2017, for the dropping.
    """

    def __init__(self, bags: np.ndarray, tokens: int, dim: int, dropped: float, seed: int) -> None:
        super().__init__()
        start = tf.keras.initializers.RandomUniform(-0.05, 0.05, seed=seed)
        self.own = tf.keras.layers.Embedding(len(bags), dim, embeddings_initializer=start)
        self.tokens = tf.keras.layers.Embedding(tokens, dim, embeddings_initializer=start)
        for layer in (self.own, self.tokens):
            layer.build(None)
        self.bags, self._bags, self._dropped = bags, tf.constant(bags), dropped
        # One item twice in a batch must not be its own negative.
        self.task = tfrs.tasks.Retrieval(remove_accidental_hits=True)

    def vectors(
        self, items: tf.Tensor, training: bool = False, rows: Rows = distribution.ALL
    ) -> tf.Tensor:
        """Returns [..., D] vectors of items [...], rows of a global batch in training."""
        bags = tf.gather(self._bags, items)  # [..., T]
        real = tf.cast(bags > 0, tf.float32)[..., tf.newaxis]
        count = tf.maximum(tf.reduce_sum(real, axis=-2), 1.0)
        of_tokens = tf.reduce_sum(self.tokens(bags) * real, axis=-2) / tf.sqrt(count)
        own = self.own(items)
        if training:
            kept = rows.uniform(tf.shape(items)) >= self._dropped
            own *= tf.cast(kept, tf.float32)[..., tf.newaxis]
        return own + of_tokens

    def compute_loss(
        self, inputs: tuple[tf.Tensor, tf.Tensor, tf.Tensor], training: bool = False
    ) -> tf.Tensor:
        """Returns the in-batch softmax loss, corrected for how often each target is drawn (logQ).

        Of several replicas, this one's part of the sum.

        Args:
            inputs: favourites [B, F] int32 padded with -1, targets [B] int32, chance of each
                target to be drawn [B] float32.
            training: Whether own embeddings are dropped.

        Source:
            Yi et al., "Sampling-Bias-Corrected Neural Modeling for Large Corpus Item
            Recommendations", RecSys 2019.
        """
        favourites, targets, chance = inputs
        rows = Rows.of(targets)
        queries = masked_mean(self.vectors(tf.maximum(favourites, 0), training, rows), favourites)
        return self.task(
            queries,
            rows.gathered(self.vectors(targets, training, rows)),
            candidate_ids=rows.gathered(targets),
            candidate_sampling_probability=rows.gathered(chance),
            compute_metrics=False,
        )

    def all_vectors(self) -> np.ndarray:
        """Returns [items, D] float32."""
        return self.vectors(tf.range(self._bags.shape[0])).numpy()


def fit(
    liked: sp.csr_matrix,
    features: ItemFeatures,
    validation_queries: Queries,
    config: Config,
    *,
    progress: Progress,
) -> tuple[np.ndarray, History]:
    """Fits the towers; arguments as for `fit_towers`.

    Returns:
        What `known_vectors` returns, and the history.
    """
    model, history = fit_towers(liked, features, validation_queries, config, progress=progress)
    return known_vectors(model, liked), history


def begin(
    liked: sp.csr_matrix, features: ItemFeatures, config: Config
) -> tuple[ItemTower, Batches]:
    """Returns towers that have learned nothing yet, compiled, and endless batches for them.

    Args:
        liked: [train users, items] 0/1.
        features: Of the items.
        config: Settings.
    """
    seed = config.items.seed
    tf.keras.utils.set_random_seed(seed)
    bags, tokens = features.bags()
    with distribution.scope():
        model = ItemTower(bags, tokens, config.model.dim, config.items.dropped, seed)
        model.compile(optimizer=tf.keras.optimizers.Adagrad(config.train.learning_rate))
    return model, _examples(liked, config)


def fit_towers(
    liked: sp.csr_matrix,
    features: ItemFeatures,
    validation_queries: Queries,
    config: Config,
    *,
    progress: Progress,
    logs: Path | None = None,
    start: Callable[[ItemTower], None] | None = None,
) -> tuple[ItemTower, History]:
    """Fits the towers.

    Args:
        liked: [train users, items] 0/1, two or more per user.
        features: Of the items.
        validation_queries: Training stops by the quality on these.
        config: Settings.
        progress: Called after every measurement.
        logs: Folder for TensorBoard, if wanted.
        start: Puts the embeddings of an earlier fit into the towers.

    Returns:
        The towers with the best weights, and the history.
    """
    model, drawn = begin(liked, features, config)
    if start is not None:
        start(model)

    asked = max(LEAST_MEASURED, MOST_CELLS // liked.shape[1])
    favourites = validation_queries.favourites[:asked]
    targets = validation_queries.targets[:asked]

    def measure() -> float:
        vectors = model.all_vectors()

        def scorer(favourites: np.ndarray) -> np.ndarray:
            return (one_hot(favourites, len(vectors)) @ vectors) @ vectors.T

        ranked = rank_scores(scorer, favourites, 20)
        return float(ndcg_at(ranked, targets, 20).mean())

    history = fitting.fit(
        model,
        drawn,
        measure,
        config.train,
        name="item towers",
        progress=progress,
        logs=logs / "items" if logs else None,
        continued=start is not None,
    )
    return model, history


def known_vectors(model: ItemTower, liked: sp.csr_matrix) -> np.ndarray:
    """Returns [items, D] float32 vectors, zero for an item with neither likes nor tokens."""
    known = (model.bags > 0).any(axis=1) | (np.asarray(liked.sum(axis=0)).ravel() > 0)
    return model.all_vectors() * known[:, None]


def _examples(liked: sp.csr_matrix, config: Config) -> Batches:
    """Yields (favourites, targets, chance of each target) endlessly."""
    rng = np.random.default_rng(config.items.seed)
    lengths = np.diff(liked.indptr)
    # A pass draws one target per user, uniformly among the user's items.
    chance = np.asarray(sp.diags(1 / lengths / len(lengths)).dot(liked).sum(axis=0)).ravel()
    for favourites, _, targets in batches(liked, config.model.favourites, config.train.batch, rng):
        yield favourites, targets, chance[targets].astype(np.float32)
