"""What a strategy is: a named way to recommend, and the function that answers for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.models.ops import Answer


@dataclass(frozen=True)
class Strategy:
    """A way to recommend, as shown to visitors."""

    name: str
    title: str
    description: str


@dataclass(frozen=True, eq=False)
class PairTable:
    """What a strategy computes with that scores an item by the pairs it forms with the favourites.

    The names are those of the bundle's contract; docs/bundle.md has the formula.

    Attributes:
        offsets: [items + 1] int32; favourite f's pairs are the places
            offsets[f]..offsets[f + 1] - 1.
        neighbours: [places] int32.
        weights: [places] float32, 0 or greater.
        query_factor: [items] float32, 0 or greater.
        item_factor: [items] float32, 0 or greater.
        vectors: [items, D] float32.
        blend: Factor of the vectors' similarity.
        divisor: What a sum is divided by to be a score.
        max_exponent: Largest exponent of the vectors' similarity.
        new_items: [items] float32, 1 for an item that nobody likes yet, otherwise 0; None where
            these are like the others.
        new_blend: Their blend; None likewise.
        new_weight: What their scores for unrelated favourites sum up to; None likewise.
        unrelated: How the query factors of several favourites are combined: their mean.
    """

    offsets: np.ndarray
    neighbours: np.ndarray
    weights: np.ndarray
    query_factor: np.ndarray
    item_factor: np.ndarray
    vectors: np.ndarray
    blend: float
    divisor: float
    max_exponent: float
    new_items: np.ndarray | None = None
    new_blend: float | None = None
    new_weight: float | None = None
    unrelated: str = "mean"


@dataclass(frozen=True)
class Served:
    """A strategy and the function that answers for it.

    Attributes:
        strategy: As shown to visitors.
        answer: The function.
        table: What it computes with, where a node can do the same without the graph.
        megabytes: What its arrays take in a bundle at least, in millions of bytes.
    """

    strategy: Strategy
    answer: Answer
    table: PairTable | None = None
    megabytes: float = 0.0

    def output(self, name: str) -> str:
        """Returns the graph's name of an output: ``nearest_user_items`` for ``items``."""
        return f"{self.strategy.name.replace('-', '_')}_{name}"
