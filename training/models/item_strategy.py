"""The strategy `items`: favourites speak for items, through a table and, beyond it, the towers.

    score(i) = Σ_f table[f, i] + (Σ_f gives[f]) · draws[i] · exp(blend · q · v_i)

f runs over the favourites, q is the mean of their vectors. The table holds each favourite's
strongest pairs; every other pair, and every item that nobody has liked yet, has the second part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from training.models.item_table import ItemTable
from training.models.ops import (
    Outputs,
    add_up,
    best,
    directions,
    masked_mean,
    rounded,
    shares,
    spoken,
)
from training.models.strategy import Strategy
from training.models.tensorflow_import import tf
from training.ranking.scoring import Scorer, one_hot

GREATEST = 1024.0
"""Greatest weight that is stored: float16 is finest well below its largest number, 65504."""
MOST_ALIKE = 8.0
"""Bound of the towers' likeness, blend included: e to the power of more would drown the table."""


ITEMS = Strategy(
    "items",
    "What goes with your favourites",
    "Ranks what people who share your favourites also like, plus items from the same creators and "
    "similar ones.",
)


@dataclass(frozen=True)
class ItemIndex:
    """What the strategy knows.

    Attributes:
        vectors: [items, D] float32, the towers'.
        offsets: [items + 1] int32; favourite f's neighbours are the places offsets[f]..[f + 1] - 1.
        neighbours: [pairs] int32.
        weights: [pairs] float32.
        gives: [items] float32.
        draws: [items] float32.
        blend: [] float32.
    """

    vectors: np.ndarray
    offsets: np.ndarray
    neighbours: np.ndarray
    weights: np.ndarray
    gives: np.ndarray
    draws: np.ndarray
    blend: np.ndarray

    @classmethod
    def of(cls, table: ItemTable, vectors: np.ndarray, blend: float) -> ItemIndex:
        """Joins a table and vectors; all weights are scaled so that float16 can hold them."""
        middle = float(np.median(table.gives))
        greatest = max(float(table.table.data.max(initial=0)), middle * float(table.draws.max()))
        scale = GREATEST / max(greatest, 1e-30)
        return cls(
            vectors.astype(np.float32),
            table.table.indptr.astype(np.int32),
            table.table.indices.astype(np.int32),
            (table.table.data * scale).astype(np.float32),
            (table.gives / middle).astype(np.float32),
            (table.draws * middle * scale).astype(np.float32),
            np.array(blend, np.float32),
        )


class ItemStrategy(tf.Module):  # type: ignore[misc]
    """Answers for `items`.

    Args:
        index: What is known.
        dtype: Type of the exported weights.
    """

    def __init__(self, index: ItemIndex, dtype: str) -> None:
        super().__init__()
        self._count = len(index.gives)
        self._longest = max(1, int(np.diff(index.offsets).max()))
        self._blend = float(index.blend)
        self._vectors = tf.constant(rounded(index.vectors, dtype))
        self._offsets = tf.constant(index.offsets)
        # One pair more, that weighs nothing: a place to point at where a row is short.
        self._neighbours = tf.constant(np.append(index.neighbours, np.int32(0)))
        self._weights = tf.constant(np.append(rounded(index.weights, dtype), np.float32(0)))
        self._gives = tf.constant(rounded(index.gives, dtype))
        self._draws = tf.constant(rounded(index.draws, dtype))

    def items(self, favourites: tf.Tensor, results: int) -> Outputs:
        """Returns the best items, each favourite's share of their scores, and their directions."""
        real = tf.cast(favourites >= 0, tf.float32)  # [B, F]
        known = tf.maximum(favourites, 0)
        gives = tf.gather(self._gives, known) * real  # [B, F]
        neighbours, weights = self._rows(known, real)  # [B, F, longest]
        rest = self._rest(known, favourites)  # [B, items]
        table = add_up(neighbours, weights, self._count)
        totals = table + tf.reduce_sum(gives, axis=1, keepdims=True) * rest
        answer = best(totals / GREATEST, results)
        found = answer["items"]
        there = tf.cast(found >= 0, tf.float32)[:, tf.newaxis]
        beyond = tf.gather(rest, tf.maximum(found, 0), batch_dims=1)[:, tf.newaxis] * there
        told = spoken(neighbours, weights, found, self._count)  # [B, F, R]
        answer["shares"] = shares(told + gives[..., tf.newaxis] * beyond)
        answer["vectors"] = directions(self._vectors, found)
        return answer

    def _rows(self, known: tf.Tensor, real: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        places = tf.gather(self._offsets, known)[..., tf.newaxis] + tf.range(self._longest)
        inside = places < tf.gather(self._offsets, known + 1)[..., tf.newaxis]
        places = tf.where(inside, places, self._neighbours.shape[0] - 1)
        weights = tf.gather(self._weights, places) * real[..., tf.newaxis]
        return tf.gather(self._neighbours, places), weights

    def _rest(self, known: tf.Tensor, favourites: tf.Tensor) -> tf.Tensor:
        """Returns [B, items], what an item draws from favourites beyond the table."""
        if not self._blend:
            return tf.ones_like(favourites[:, :1], tf.float32) * self._draws
        queries = masked_mean(tf.gather(self._vectors, known), favourites) * self._blend
        likeness = tf.matmul(queries, self._vectors, transpose_b=True)
        return self._draws * tf.exp(tf.minimum(likeness, MOST_ALIKE))


def scorer_of(index: ItemIndex) -> Scorer:
    """Returns the strategy's scores without TensorFlow, for any number of favourites."""
    count = len(index.gives)
    cells = (index.weights, index.neighbours, index.offsets)
    table, blend = sp.csr_matrix(cells, shape=(count, count)), float(index.blend)

    def scorer(favourites: np.ndarray) -> np.ndarray:
        asked = one_hot(favourites, count)
        known = np.maximum(np.asarray(asked.sum(axis=1)), 1)
        queries = np.asarray(asked @ index.vectors) / known  # [B, D]
        rest = index.draws * np.exp(np.minimum(blend * (queries @ index.vectors.T), MOST_ALIKE))
        totals = (asked @ table).toarray() + np.asarray(asked @ index.gives)[:, None] * rest
        return np.asarray(totals / GREATEST)

    return scorer
