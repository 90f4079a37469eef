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


ERRORS = 2
"""Standard errors by which a larger blend must be better, about 95 %."""


def quality_of(answer: Answer, validation_queries: Queries) -> float:
    """Returns a strategy's NDCG@20 for the first `MOST_TUNED` validation users."""
    return float(_ndcg(answer, validation_queries).mean())


def _ndcg(answer: Answer, validation_queries: Queries) -> np.ndarray:
    """Returns [at most MOST_TUNED] the NDCG@20 of each validation user."""
    ranked = rank(
        answer, validation_queries.favourites[:MOST_TUNED], 20, validation_queries.targets.shape[1]
    )
    return ndcg_at(ranked, validation_queries.targets[:MOST_TUNED], 20)


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
    """Combines table and towers with a blend of `BLENDS` that validation NDCG@20 speaks for."""
    indices = [ItemIndex.of(table, vectors, blend) for blend in BLENDS]
    ndcg = [_ndcg(ItemStrategy(index, "float32").items, validation_queries) for index in indices]
    return indices[first_within_error(np.stack(ndcg))]


def first_within_error(scores: np.ndarray) -> int:
    """Returns the first setting that the best one does not beat by more than `ERRORS` errors.

    With a hundred users the best of a few settings is best by chance; the first is the simplest.

    Args:
        scores: [settings, users], of the same users.

    Source:
        The 1 SE rule of Breiman et al., "Classification and Regression Trees", 1984, section 3.4.3,
        with the error of the paired differences, and stricter.
    """
    lead = scores[int(np.argmax(scores.mean(axis=1)))] - scores
    error = lead.std(axis=1) / np.sqrt(scores.shape[1])
    return int(np.argmax(lead.mean(axis=1) <= ERRORS * error))


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
