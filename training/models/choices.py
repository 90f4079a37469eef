"""The choices that are made on validation users: how voters count, and the blends of `items`."""

from __future__ import annotations

import numpy as np

from training.config import Config
from training.data.dataset import Dataset
from training.data.examples import Queries, queries_of
from training.data.features import ItemFeatures
from training.models import new_blend
from training.models.item_strategy import ItemIndex, ItemStrategy
from training.models.item_table import ItemTable
from training.models.ops import Answer, rank
from training.models.user_strategies import UserStrategies, VoterSettings
from training.models.user_towers import UserIndex
from training.progress import Progress
from training.ranking.metrics import ndcg_at

VOTER_GRID = [
    VoterSettings(voters, temperature, power)
    for voters in (50, 100, 200)
    for temperature in (1.0, 2.0, 4.0)
    for power in (0.0, 0.5)
]
BLENDS = (0.0, 0.5, 1.0, 2.0)
"""Weights tried for the towers' similarity of pairs that are not in the table."""
MOST_TUNED = 500
"""Validation users for choosing voters and blend; more would cost time and change little."""


def quality_of(answer: Answer, validation_queries: Queries) -> float:
    """Returns a strategy's NDCG@20 for the first `MOST_TUNED` validation users."""
    ranked = rank(
        answer, validation_queries.favourites[:MOST_TUNED], 20, validation_queries.targets.shape[1]
    )
    return float(ndcg_at(ranked, validation_queries.targets[:MOST_TUNED], 20).mean())


def choose_voters(
    index: UserIndex, validation_queries: Queries, *, progress: Progress
) -> VoterSettings:
    """Returns the settings of `VOTER_GRID` with the best validation NDCG@20."""
    scores = []
    for i, settings in enumerate(VOTER_GRID):
        scores.append(
            quality_of(UserStrategies(index, settings, "float32").voters, validation_queries)
        )
        progress(i + 1, len(VOTER_GRID), f"{settings.voters} voters, NDCG@20 {scores[-1]:.3f}")
    return VOTER_GRID[int(np.argmax(scores))]


def blended(table: ItemTable, vectors: np.ndarray, validation_queries: Queries) -> ItemIndex:
    """Combines table and towers with the blend of `BLENDS` that has the best validation NDCG@20."""
    indices = [ItemIndex.of(table, vectors, blend) for blend in BLENDS]
    scores = [
        quality_of(ItemStrategy(index, "float32").items, validation_queries) for index in indices
    ]
    return indices[int(np.argmax(scores))]


def blend_of_new(
    data: Dataset,
    features: ItemFeatures,
    table: ItemTable,
    vectors: np.ndarray,
    blend: float,
    steps: int,
    config: Config,
    *,
    progress: Progress,
) -> float | None:
    """Returns the blend of `BLENDS` with which validation users find hidden items best.

    Args:
        data: Prepared data.
        features: Of its items.
        table: Fitted on its train users.
        vectors: Likewise, the towers'.
        blend: What was chosen for the items that somebody likes.
        steps: Steps after which the towers were best.
        config: Settings.
        progress: Called after every hiding.

    Returns:
        The blend; None where there are no new items, or nothing to choose by.
    """
    queries = queries_of(data, "validation", config.evaluate.favourites, config)

    def quality(of_new: float) -> float:
        index = ItemIndex.of(table, vectors, blend, of_new)
        return quality_of(ItemStrategy(index, "float32").items, queries)

    return new_blend.choose(
        data, features, table.networks, steps, BLENDS, quality, config, progress=progress
    )
