"""The strategy `items`: a table of weighted pairs of items and, for all other pairs, two factors.

    score(i) = Σ_f table[f, i] + mean_f(query_factor[f]) · item_factor[i] · exp(blend · q · v_i)

f runs over the favourites, q is the mean of their vectors. The table holds each favourite's
strongest pairs; the second part stands for all others. Pairs are evidence and add up, but that an
item is popular is no more so for ten favourites than for one, hence the mean. Items that nobody
likes yet have a blend of their own, which moves weight among them and leaves their sum as it is:
how rarely new items are liked is known from the item factors, and many new items with a high power
of something would crowd out the others. docs/items.md explains the parts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

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
    ratio,
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
PAIR_BYTES, ITEM_BYTES, FLAG_BYTES = 6, 8, 2
"""Bytes of a pair in the table, of an item's offset and factors, and of whether it is new."""
USUAL_PAIRS = 1_700_000
"""Most pairs by default; what has more of them, as a published protocol, is not made for nodes."""
LEAST_DIMENSIONS = 4
MOST_NEW = 60_000.0
"""Greatest weight of all new items: float16 can hold little more."""
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
        new: [new items] int32, the items that nobody likes yet.
        new_blend: [] float32, their blend; without any `new`, `blend` is that of all items.
    """

    vectors: np.ndarray
    offsets: np.ndarray
    neighbours: np.ndarray
    weights: np.ndarray
    query_factor: np.ndarray
    item_factor: np.ndarray
    blend: np.ndarray
    # Models of an earlier release are saved without these two.
    new: np.ndarray = field(default_factory=lambda: np.empty(0, np.int32))
    new_blend: np.ndarray = field(default_factory=lambda: np.array(0, np.float32))

    @classmethod
    def of(
        cls, table: ItemTable, vectors: np.ndarray, blend: float, new_blend: float | None = None
    ) -> ItemIndex:
        """Joins a table and vectors; all weights are scaled so that float16 can hold them.

        The more items there are, the fewer dimensions the vectors keep, so that a node can hold
        them: see `fewer_dimensions`.

        Args:
            table: Weights of pairs.
            vectors: [items, D], the towers'.
            blend: Weight of the towers' similarity.
            new_blend: That of items which nobody likes yet; None: they are like the others.
        """
        pairs = min(table.table.nnz, USUAL_PAIRS)
        differ = new_blend is not None and len(table.new) > 0
        item_bytes = ITEM_BYTES + FLAG_BYTES * differ
        left = MOST_BYTES - PAIR_BYTES * pairs - item_bytes * len(vectors)
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
            (table.new if differ else table.new[:0]).astype(np.int32),
            np.array(new_blend or 0, np.float32),
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
            **(_of_new(index, dtype) if _differs(index) else {}),
        )
        self._vectors = tf.constant(self.table.vectors)
        self._offsets = tf.constant(self.table.offsets)
        self._neighbours = tf.constant(self.table.neighbours)
        self._weights = tf.constant(self.table.weights)
        self._query_factor = tf.constant(self.table.query_factor)
        self._item_factor = tf.constant(self.table.item_factor)
        if self.table.new_items is not None:
            self._new = tf.constant(self.table.new_items)

    def items(self, favourites: tf.Tensor, results: int) -> Outputs:
        """Returns the best items, each favourite's share of their scores, and their directions."""
        real = tf.cast(favourites >= 0, tf.float32)  # [B, F]
        known = tf.maximum(favourites, 0)
        query_factor = tf.gather(self._query_factor, known) * real  # [B, F]
        count = tf.maximum(tf.reduce_sum(real, axis=1, keepdims=True), 1.0)  # [B, 1]
        neighbours, weights = self._rows(known, real)  # [B, F, longest]
        rest = self._rest(known, favourites)  # [B, items]
        table = add_up(neighbours, weights, self._count)
        totals = table + tf.reduce_sum(query_factor, axis=1, keepdims=True) / count * rest
        answer = best(totals / GREATEST, results)
        found = answer["items"]
        there = tf.cast(found >= 0, tf.float32)[:, tf.newaxis]
        beyond = tf.gather(rest, tf.maximum(found, 0), batch_dims=1)[:, tf.newaxis] * there
        of_table = added_by_favourite(neighbours, weights, found, self._count)  # [B, F, R]
        answer["shares"] = shares(of_table + (query_factor / count)[..., tf.newaxis] * beyond)
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
        alike = tf.ones_like(favourites[:, :1], tf.float32) * self._item_factor
        if not (self.table.blend or self.table.new_blend):
            return alike
        queries = masked_mean(tf.gather(self._vectors, known), favourites)
        likeness = tf.matmul(queries, self._vectors, transpose_b=True)
        rest = self._raised(likeness, self.table.blend) if self.table.blend else alike
        if self.table.new_items is None:
            return rest
        raised = self._raised(likeness, self.table.new_blend) if self.table.new_blend else alike
        total = tf.reduce_sum(raised * self._new, axis=1, keepdims=True)
        return rest + (raised * ratio(self.table.new_weight, total) - rest) * self._new

    def _raised(self, likeness: tf.Tensor, blend: float) -> tf.Tensor:
        return self._item_factor * tf.exp(tf.minimum(likeness * blend, MOST_ALIKE))


def _differs(index: ItemIndex) -> bool:
    """Whether new items are scored in another way than the others."""
    return len(index.new) > 0 and bool(index.blend or index.new_blend)


def _of_new(index: ItemIndex, dtype: str) -> dict[str, Any]:
    """Returns the fields of `PairTable` that are about new items."""
    flags = np.zeros(len(index.item_factor), np.float32)
    flags[index.new] = 1
    # The converter stores numbers of the graph in the type of the weights, too.
    weight = np.minimum(index.item_factor[index.new].sum(), MOST_NEW)
    return {
        "new_items": flags,
        "new_blend": float(index.new_blend),
        "new_weight": float(rounded(weight, dtype)),
    }


def scorer_of(index: ItemIndex) -> Scorer:
    """Returns the strategy's scores without TensorFlow, for any number of favourites."""
    count = len(index.query_factor)
    cells = (index.weights, index.neighbours, index.offsets)
    table = sp.csr_matrix(cells, shape=(count, count))

    def scorer(favourites: np.ndarray) -> np.ndarray:
        asked = one_hot(favourites, count)
        known = np.maximum(np.asarray(asked.sum(axis=1)), 1)
        queries = np.asarray(asked @ index.vectors) / known  # [B, D]
        rest = _raised(index, queries, slice(None), float(index.blend))
        if len(index.new):
            raised = _raised(index, queries, index.new, float(index.new_blend))
            total = np.maximum(raised.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
            rest[:, index.new] = raised * (index.item_factor[index.new].sum() / total)
        factor = np.asarray(asked @ index.query_factor)[:, None] / known
        totals = (asked @ table).toarray() + factor * rest
        return np.asarray(totals / GREATEST)

    return scorer


def _raised(
    index: ItemIndex, queries: np.ndarray, items: np.ndarray | slice, blend: float
) -> np.ndarray:
    """Returns [B, items] some items' factors, raised by their similarity to the queries."""
    likeness = blend * (queries @ index.vectors[items].T)
    return np.asarray(index.item_factor[items] * np.exp(np.minimum(likeness, MOST_ALIKE)))
