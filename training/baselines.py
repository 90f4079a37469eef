"""What every model is measured against, each tuned on the same validation users."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

Scorer = Callable[[np.ndarray], np.ndarray]
"""favourites [B, F] int32 padded with -1 -> scores [B, items] float32."""


@dataclass(frozen=True)
class Training:
    """What a baseline may learn from.

    Attributes:
        liked: [users, items] float32, 1 where a train user likes an item.
        creators: [items] text, normalised; "" where unknown.
        seed: For those that draw.
    """

    liked: sp.csr_matrix
    creators: pd.Series
    seed: int


@dataclass(frozen=True)
class Baseline:
    """A peer.

    Attributes:
        name: As shown in the report.
        fit: (training, **settings) -> scorer.
        grid: Settings to choose from on validation users.
    """

    name: str
    fit: Callable[..., Scorer]
    grid: list[dict[str, Any]] = field(default_factory=lambda: [{}])


def one_hot(favourites: np.ndarray, items: int) -> sp.csr_matrix:
    """Returns [B, items] float32, 1 at the favourites.

    Args:
        favourites: [B, F] int32, padded with -1.
        items: Number of items.
    """
    rows, places = np.nonzero(favourites >= 0)
    cells = (np.ones(len(rows), np.float32), (rows, favourites[rows, places]))
    return sp.csr_matrix(cells, shape=(len(favourites), items))


def rank_scores(
    scorer: Scorer, favourites: np.ndarray, results: int, batch: int = 256
) -> np.ndarray:
    """Ranks all items but the favourites by score; equal ones by index, hence by popularity.

    Args:
        scorer: What scores.
        favourites: [Q, F] int32, padded with -1.
        results: Length of the lists.
        batch: Queries scored at once.

    Returns:
        [Q, results] int32, best first; -1 where there are fewer items.
    """
    lists = []
    for start in range(0, len(favourites), batch):
        asked = favourites[start : start + batch]
        scores = scorer(asked).astype(np.float64)
        items = scores.shape[1]
        # Far below any score's own precision, and enough to keep equal ones in order.
        scores -= np.arange(items) * 1e-15 * max(1.0, float(np.abs(scores).max()))
        rows, places = np.nonzero(asked >= 0)
        scores[rows, asked[rows, places]] = -np.inf
        count = min(results, items)
        top = np.argpartition(-scores, count - 1, axis=1)[:, :count]
        order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1)
        top = np.take_along_axis(top, order, axis=1)
        top[~np.isfinite(np.take_along_axis(scores, top, axis=1))] = -1
        lists.append(np.pad(top, ((0, 0), (0, results - count)), constant_values=-1))
    return np.concatenate(lists).astype(np.int32)


def popularity(training: Training) -> Scorer:
    """Everybody gets what most train users like."""
    likers = np.asarray(training.liked.sum(axis=0), dtype=np.float32).ravel()
    return lambda favourites: np.tile(likers, (len(favourites), 1))


def item_knn(training: Training, *, kind: str, neighbours: int) -> Scorer:
    """Item-based neighbours of `implicit`: the favourites' neighbours, their likeness added up.

    Args:
        training: What to learn from.
        kind: cosine, tfidf or bm25.
        neighbours: Number of neighbours kept of each item.
    """
    from implicit import nearest_neighbours as nn

    kinds = {
        "cosine": nn.CosineRecommender,
        "tfidf": nn.TFIDFRecommender,
        "bm25": nn.BM25Recommender,
    }
    model = kinds[kind](K=neighbours)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # implicit passes itself a COO matrix, and warns of it
        model.fit(training.liked, show_progress=False)
    table = sp.csr_matrix(model.similarity, dtype=np.float32)
    table.setdiag(0)
    return lambda favourites: (one_hot(favourites, table.shape[0]) @ table).toarray()


BASELINES = [
    Baseline("popularity", popularity),
    Baseline(
        "item-kNN",
        item_knn,
        [
            {"kind": kind, "neighbours": neighbours}
            for kind in ("cosine", "tfidf", "bm25")
            for neighbours in (20, 50, 100, 200, 500)
        ],
    ),
]
