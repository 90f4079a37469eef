"""The strategy `items`: a table of weighted pairs of items and, for all other pairs, two factors.

    score(i) = Σ_f table[f, i] + (Σ_f query_factor[f]) · item_factor[i] · exp(blend · q · v_i)

f runs over the favourites, q is the mean of their vectors. The table holds each favourite's
strongest pairs; the second part stands for all others. docs/items.md explains the parts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from training.models.item_table import ItemTable
from training.models.ops import (
    Outputs,
    add_up,
    added_by_favourite,
    best,
    directions,
    masked_mean,
    rounded,
    shares,
)
from training.models.strategy import PairTable, Strategy
from training.models.tensorflow_import import tf
from training.ranking.scoring import Scorer, one_hot

GREATEST = 1024.0
"""Greatest weight that is stored: float16 is finest well below its largest number, 65504."""
MOST_BYTES = 19_000_000
"""Most that table, factors and vectors take as float16; 20 MB are what a bundle may take."""
PAIR_BYTES, ITEM_BYTES = 6, 8
"""Bytes of a pair in the table, and of an item's offset and factors."""
USUAL_PAIRS = 1_700_000
"""Most pairs by default; what has more of them, as a published protocol, is not made for nodes."""
LEAST_DIMENSIONS = 4
MOST_ALIKE = 8.0
"""Largest exponent of the towers' similarity, blend included: more would outweigh the table."""


ITEMS = Strategy(
    "items",
    "What goes with your favourites",
    "Ranks what people who share your favourites also like, plus similar items.",
)


@dataclass(frozen=True)
class ItemIndex:
    """What the strategy knows.

    Attributes:
        vectors: [items, D] float32, the towers'.
        offsets: [items + 1] int32; favourite f's neighbours are the places offsets[f]..[f + 1] - 1.
        neighbours: [pairs] int32.
        weights: [pairs] float32.
        query_factor: [items] float32.
        item_factor: [items] float32.
        blend: [] float32.
    """

    vectors: np.ndarray
    offsets: np.ndarray
    neighbours: np.ndarray
    weights: np.ndarray
    query_factor: np.ndarray
    item_factor: np.ndarray
    blend: np.ndarray

    @classmethod
    def of(cls, table: ItemTable, vectors: np.ndarray, blend: float) -> ItemIndex:
        """Joins a table and vectors; all weights are scaled so that float16 can hold them.

        The more items there are, the fewer dimensions the vectors keep, so that a node can hold
        them: see `fewer_dimensions`.
        """
        pairs = min(table.table.nnz, USUAL_PAIRS)
        left = MOST_BYTES - PAIR_BYTES * pairs - ITEM_BYTES * len(vectors)
        vectors = fewer_dimensions(vectors, max(LEAST_DIMENSIONS, left // (2 * len(vectors))))
        middle = float(np.median(table.query_factor))
        greatest = max(
            float(table.table.data.max(initial=0)), middle * float(table.item_factor.max())
        )
        scale = GREATEST / max(greatest, 1e-30)
        return cls(
            vectors.astype(np.float32),
            table.table.indptr.astype(np.int32),
            table.table.indices.astype(np.int32),
            (table.table.data * scale).astype(np.float32),
            (table.query_factor / middle).astype(np.float32),
            (table.item_factor * middle * scale).astype(np.float32),
            np.array(blend, np.float32),
        )


def fewer_dimensions(vectors: np.ndarray, most: int) -> np.ndarray:
    """Returns [items, at most `most`] vectors whose products are as near as possible to theirs.

    Args:
        vectors: [items, D] float32.
        most: Most dimensions; if there are no more, the vectors are returned as they are.

    Source:
        Eckart & Young, "The approximation of one matrix by another of lower rank", 1936.
    """
    if vectors.shape[1] <= most:
        return vectors
    _, directions_ = np.linalg.eigh(vectors.T.astype(np.float64) @ vectors)
    return (vectors @ directions_[:, ::-1][:, :most]).astype(np.float32)


class ItemStrategy(tf.Module):  # type: ignore[misc]
    """Answers for `items`.

    Args:
        index: What is known.
        dtype: Type of the exported weights.

    Attributes:
        table: What it computes with.
    """

    def __init__(self, index: ItemIndex, dtype: str) -> None:
        super().__init__()
        self._count = len(index.query_factor)
        self._longest = max(1, int(np.diff(index.offsets).max()))
        self.table = PairTable(
            index.offsets,
            # One more pair, of weight 0: where a row is short, its places point here.
            neighbours=np.append(index.neighbours, np.int32(0)),
            weights=np.append(rounded(index.weights, dtype), np.float32(0)),
            query_factor=rounded(index.query_factor, dtype),
            item_factor=rounded(index.item_factor, dtype),
            vectors=rounded(index.vectors, dtype),
            blend=float(index.blend),
            divisor=GREATEST,
            max_exponent=MOST_ALIKE,
        )
        self._vectors = tf.constant(self.table.vectors)
        self._offsets = tf.constant(self.table.offsets)
        self._neighbours = tf.constant(self.table.neighbours)
        self._weights = tf.constant(self.table.weights)
        self._query_factor = tf.constant(self.table.query_factor)
        self._item_factor = tf.constant(self.table.item_factor)

    def items(self, favourites: tf.Tensor, results: int) -> Outputs:
        """Returns the best items, each favourite's share of their scores, and their directions."""
        real = tf.cast(favourites >= 0, tf.float32)  # [B, F]
        known = tf.maximum(favourites, 0)
        query_factor = tf.gather(self._query_factor, known) * real  # [B, F]
        neighbours, weights = self._rows(known, real)  # [B, F, longest]
        rest = self._rest(known, favourites)  # [B, items]
        table = add_up(neighbours, weights, self._count)
        totals = table + tf.reduce_sum(query_factor, axis=1, keepdims=True) * rest
        answer = best(totals / GREATEST, results)
        found = answer["items"]
        there = tf.cast(found >= 0, tf.float32)[:, tf.newaxis]
        beyond = tf.gather(rest, tf.maximum(found, 0), batch_dims=1)[:, tf.newaxis] * there
        of_table = added_by_favourite(neighbours, weights, found, self._count)  # [B, F, R]
        answer["shares"] = shares(of_table + query_factor[..., tf.newaxis] * beyond)
        answer["vectors"] = directions(self._vectors, found)
        return answer

    def _rows(self, known: tf.Tensor, real: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        places = tf.gather(self._offsets, known)[..., tf.newaxis] + tf.range(self._longest)
        inside = places < tf.gather(self._offsets, known + 1)[..., tf.newaxis]
        places = tf.where(inside, places, self._neighbours.shape[0] - 1)
        weights = tf.gather(self._weights, places) * real[..., tf.newaxis]
        return tf.gather(self._neighbours, places), weights

    def _rest(self, known: tf.Tensor, favourites: tf.Tensor) -> tf.Tensor:
        """Returns [B, items], the score of each item for unrelated favourites."""
        if not self.table.blend:
            return tf.ones_like(favourites[:, :1], tf.float32) * self._item_factor
        queries = masked_mean(tf.gather(self._vectors, known), favourites) * self.table.blend
        likeness = tf.matmul(queries, self._vectors, transpose_b=True)
        return self._item_factor * tf.exp(tf.minimum(likeness, MOST_ALIKE))


def scorer_of(index: ItemIndex) -> Scorer:
    """Returns the strategy's scores without TensorFlow, for any number of favourites."""
    count = len(index.query_factor)
    cells = (index.weights, index.neighbours, index.offsets)
    table, blend = sp.csr_matrix(cells, shape=(count, count)), float(index.blend)

    def scorer(favourites: np.ndarray) -> np.ndarray:
        asked = one_hot(favourites, count)
        known = np.maximum(np.asarray(asked.sum(axis=1)), 1)
        queries = np.asarray(asked @ index.vectors) / known  # [B, D]
        rest = index.item_factor * np.exp(
            np.minimum(blend * (queries @ index.vectors.T), MOST_ALIKE)
        )
        totals = (asked @ table).toarray() + np.asarray(asked @ index.query_factor)[:, None] * rest
        return np.asarray(totals / GREATEST)

    return scorer
