"""Trains everything that a domain's strategies need: the measured model, then the one that ships.

The measured model learns from the train users, and every choice is made on validation users. What
ships is fitted on everybody with the same choices (`training.models.shipped`).
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from training.config import Config
from training.data.dataset import Dataset
from training.data.examples import Queries, queries_of
from training.data.features import features_of
from training.domains.domain import Domain
from training.models import continued, fitting, item_table, item_tower, shipped, user_towers
from training.models import start as starts
from training.models.fitting import History
from training.models.item_strategy import ITEMS, ItemIndex, ItemStrategy
from training.models.item_table import ItemTable
from training.models.ops import Answer, rank
from training.models.saved import save
from training.models.start import Start
from training.models.user_strategies import NEAREST_USER, VOTERS, UserStrategies, VoterSettings
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


def train(
    domain: Domain,
    data: Dataset,
    config: Config,
    folder: Path,
    *,
    progress: Progress,
    start: Start | None = None,
) -> None:
    """Fits all towers and the table, and writes them into a folder; then what ships, below it.

    Args:
        domain: Which fields are features.
        data: Prepared data.
        config: Settings.
        folder: Empty folder; TensorBoard reads its ``logs``.
        progress: Called after every step.
        start: What an earlier fit with the same settings left: its embeddings and networks are
            taken over and trained for a share of the steps, its choices are kept.

    Raises:
        ValueError: the start does not fit the settings.
    """
    validation_queries = queries_of(data, "validation", config.evaluate.favourites, config)
    features, liked, logs = features_of(domain, data.items), data.liked("train"), folder / "logs"
    clock = _Clock()
    users, users_history = fit_user_towers(
        data, validation_queries, config, progress=progress, logs=logs, start=start
    )
    clock.lap("user towers")
    if start:
        voters = VoterSettings(**start.voters)
    else:
        voters = choose_voters(users, validation_queries, progress=progress)
    clock.lap("voters")
    towers, items_history = item_tower.fit_towers(
        liked,
        features,
        validation_queries,
        config,
        progress=progress,
        logs=logs,
        start=continued.item_embeddings(start, data, features) if start else None,
    )
    vectors = item_tower.known_vectors(towers, liked)
    clock.lap("item towers")
    table = item_table.fit(
        liked, features, config.items, progress=progress, start=start.networks if start else None
    )
    clock.lap("item table")
    if start:
        items = ItemIndex.of(table, vectors, start.blend)
    else:
        items = blended(table, vectors, validation_queries)
    clock.lap("blend")
    save(users, voters, items, folder)
    left = continued.start_after(data, features, users, towers, table, voters, items)
    starts.save(left, folder)
    histories = {shipped.USER_TOWERS: users_history, shipped.ITEM_TOWERS: items_history}
    (folder / shipped.FOLDER).mkdir()
    shipped.fit(domain, data, config, left, histories, folder / shipped.FOLDER, progress=progress)
    clock.lap("everyone")
    history = {
        "towers": {name: asdict(history) for name, history in histories.items()},
        "strategies": _strategies(voters, items, clock.laps),
        "seconds": clock.laps,
    }
    (folder / "history.json").write_text(json.dumps(history, indent=1), encoding="utf-8")


def _strategies(
    voters: VoterSettings, items: ItemIndex, laps: dict[str, float]
) -> dict[str, dict[str, Any]]:
    """Returns by strategy what the report's row says about its fitting.

    ``fit_seconds`` is the time of every part that it needs; a shared part counts for each.
    """
    users = laps["user towers"]
    of_items = sum(laps[part] for part in ("item towers", "item table", "blend"))
    return {
        ITEMS.name: _row({"blend": float(items.blend)}, of_items, uses_content=True),
        VOTERS.name: _row(asdict(voters), users + laps["voters"]),
        NEAREST_USER.name: _row({}, users),
    }


def _row(chosen: dict[str, Any], seconds: float, *, uses_content: bool = False) -> dict[str, Any]:
    return {"settings": chosen, "fit_seconds": seconds, "content": uses_content}


class _Clock:
    """Measures how long each part takes, in seconds by name."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.laps[name], self._last = now - self._last, now


def fit_user_towers(
    data: Dataset,
    validation_queries: Queries,
    config: Config,
    *,
    progress: Progress,
    logs: Path | None = None,
    start: Start | None = None,
) -> tuple[UserIndex, History]:
    """Fits favourites against users.

    Training does not stop by the accuracy of the user, which keeps rising long after the recall of
    held-out items has begun to fall.

    Args:
        data: Prepared data.
        validation_queries: Training stops by the quality on these.
        config: Settings.
        progress: Called after every measurement.
        logs: Folder for TensorBoard, if wanted.
        start: Its embeddings of the same items and users are taken over.

    Returns:
        The index with the best weights, and the history.
    """
    model, drawn, pairs = user_towers.begin(data, config)
    if start:
        continued.user_embeddings(start, data)(model)
    history = fitting.fit(
        model,
        drawn,
        lambda: _quality(
            UserStrategies(model.index(*pairs), VoterSettings(), "float32").voters,
            validation_queries,
        ),
        config.train,
        name="user towers",
        progress=progress,
        logs=logs / "users" if logs else None,
        continued=start is not None,
    )
    return model.index(*pairs), history


def _quality(answer: Answer, validation_queries: Queries) -> float:
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
            _quality(UserStrategies(index, settings, "float32").voters, validation_queries)
        )
        progress(i + 1, len(VOTER_GRID), f"{settings.voters} voters, NDCG@20 {scores[-1]:.3f}")
    return VOTER_GRID[int(np.argmax(scores))]


def blended(table: ItemTable, vectors: np.ndarray, validation_queries: Queries) -> ItemIndex:
    """Combines table and towers with the blend of `BLENDS` that has the best validation NDCG@20."""
    indices = [ItemIndex.of(table, vectors, blend) for blend in BLENDS]
    scores = [
        _quality(ItemStrategy(index, "float32").items, validation_queries) for index in indices
    ]
    return indices[int(np.argmax(scores))]
