"""The scale of variety: equal steps of a slider cost about equal quality."""

from __future__ import annotations

import numpy as np

from training.data.examples import Queries
from training.models.ops import Answer, answers
from training.ranking.metrics import ndcg_at
from training.ranking.variety import POOL, diversified

WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8, 1.0)
"""Weights that are measured: close together where most models lose their quality."""
STEPS = 10
"""Steps of the scale; the pages' slider has as many."""
USERS = 300
"""Most users queried: the curve is smooth, and re-ranking takes a millisecond a list."""
LEAST_LOSS = 0.02
"""Least share of the quality that full variety must cost for the scale to be more than chance."""


def varied_lists(
    answer: dict[str, np.ndarray],
    favourites: np.ndarray,
    creators: np.ndarray,
    weight: float,
    length: int,
) -> np.ndarray:
    """Re-ranks many answers.

    Args:
        answer: One row per query: ``items``, ``scores`` and perhaps ``vectors``.
        favourites: [Q, F] int32, padded with -1; they are dropped from the answers.
        creators: [items] int32, equal where the creator is the same; -1 where unknown.
        weight: Of dissimilarity, 0..1.
        length: Of the lists.

    Returns:
        [Q, length] int32 item indices, -1 where a list has ended.
    """
    lists = np.full((len(favourites), length), -1, np.int32)
    for row, items in enumerate(answer["items"]):
        kept = (items >= 0) & ~np.isin(items, favourites[row])
        pool = {name: values[row][kept] for name, values in answer.items()}
        vectors = pool.get("vectors", np.zeros((int(kept.sum()), 1)))
        chosen = diversified(pool["items"], pool["scores"], vectors, creators, weight, length)
        lists[row, : len(chosen)] = chosen
    return lists


def scale_of(
    answer: Answer, queries: Queries, creators: np.ndarray, length: int
) -> list[float] | None:
    """Measures what variety costs a strategy, and returns its scale.

    Args:
        answer: The strategy.
        queries: Of validation users; the first `USERS` are used.
        creators: [items] int32, equal where the creator is the same; -1 where unknown.
        length: Of the lists that are shown.

    Returns:
        What `equal_steps` returns for NDCG@length.
    """
    favourites, targets = queries.favourites[:USERS], queries.targets[:USERS]
    found = answers(answer, favourites, POOL + favourites.shape[1], len(creators))
    quality = [
        float(ndcg_at(varied_lists(found, favourites, creators, w, length), targets, length).mean())
        for w in WEIGHTS
    ]
    return equal_steps(np.array(WEIGHTS), np.array(quality))


def equal_steps(weights: np.ndarray, quality: np.ndarray) -> list[float] | None:
    """Returns the weights at which the quality has fallen by 0, 1/`STEPS`, 2/`STEPS` … of its fall.

    Args:
        weights: [W] ascending from 0.
        quality: [W] measured at them. A rise is noise and counts as no change.

    Returns:
        [`STEPS` + 1] weights from 0, never falling; None where the whole fall is at most
        `LEAST_LOSS` of the quality without variety.
    """
    lost = quality[0] - np.minimum.accumulate(quality)
    if lost[-1] <= LEAST_LOSS * quality[0]:
        return None
    # Of weights with the same cost the greatest, but never beyond the one that costs most.
    last = np.append(np.flatnonzero(np.diff(lost) > 0), np.argmax(lost == lost[-1]))
    wanted = lost[-1] * np.arange(STEPS + 1) / STEPS
    scale = np.interp(wanted, lost[last], weights[last])
    scale[0] = 0
    return [round(float(weight), 4) for weight in scale]


def weight_of(diversity: float, scale: list[float] | None) -> float:
    """Returns the weight for a requested diversity, 0..1; without a scale, the diversity itself.

    The same rule as in JavaScript; see docs/bundle.md.
    """
    if scale is None or diversity == 0:
        return diversity
    return float(np.interp(diversity, np.linspace(0, 1, len(scale)), scale))
