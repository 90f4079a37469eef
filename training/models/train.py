"""Trains everything a domain's strategies need, and chooses on validation users what is open."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from training.config import Config
from training.data.dataset import Dataset
from training.data.examples import Queries, batches, queries_of
from training.data.features import features_of
from training.domains.domain import Domain
from training.models import fitting, item_table, item_tower
from training.models.fitting import History
from training.models.item_strategy import ITEMS, ItemIndex, ItemStrategy
from training.models.item_table import ItemTable
from training.models.ops import Answer, rank
from training.models.tensorflow_import import tf
from training.models.user_strategies import NEAREST_USER, VOTERS, UserStrategies, VoterSettings
from training.models.user_towers import UserIndex, UserTowers, strongest_items
from training.progress import Progress
from training.ranking.metrics import ndcg_at

VOTER_GRID = [
    VoterSettings(voters, temperature, power)
    for voters in (50, 100, 200)
    for temperature in (1.0, 2.0, 4.0)
    for power in (0.0, 0.5)
]
BLENDS = (0.0, 0.5, 1.0, 2.0)
"""How strongly the towers' likeness may speak where the table is silent."""
MOST_TUNED = 500
"""Validation users by whom voters and blend are chosen; more would cost time and change little."""


def train(
    domain: Domain, data: Dataset, config: Config, folder: Path, *, progress: Progress
) -> None:
    """Fits all towers and the table, and writes them into a folder.

    Args:
        domain: Tells which fields are features.
        data: Prepared data.
        config: Settings.
        folder: Empty folder; TensorBoard reads its ``logs``.
        progress: Told after every step.
    """
    watch = queries_of(data, "validation", config.evaluate.favourites, config)
    features, liked, logs = features_of(domain, data.items), data.liked("train"), folder / "logs"
    clock = _Clock()
    users, users_history = fit_user_towers(data, watch, config, progress=progress, logs=logs)
    clock.lap("user towers")
    voters = choose_voters(users, watch, progress=progress)
    clock.lap("voters")
    vectors, items_history = item_tower.fit(
        liked, features, watch, config, progress=progress, logs=logs
    )
    clock.lap("item towers")
    table = item_table.fit(liked, features, config.items, progress=progress)
    clock.lap("item table")
    items = blended(table, vectors, watch)
    clock.lap("blend")
    save(users, voters, items, folder)
    history = {
        "towers": {"user towers": asdict(users_history), "item towers": asdict(items_history)},
        "strategies": _strategies(voters, items, clock.laps),
        "seconds": clock.laps,
    }
    (folder / "history.json").write_text(json.dumps(history, indent=1), encoding="utf-8")


def _strategies(
    voters: VoterSettings, items: ItemIndex, laps: dict[str, float]
) -> dict[str, dict[str, Any]]:
    """Returns by strategy what the report's row tells of its fitting.

    ``fit_seconds`` is the time of every part that it needs; what two of them need counts for both.
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
    """Tells how long each part took, in seconds by name."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.laps[name], self._last = now - self._last, now


def fit_user_towers(
    data: Dataset, watch: Queries, config: Config, *, progress: Progress, logs: Path | None = None
) -> tuple[UserIndex, History]:
    """Fits favourites against users.

    The user's own accuracy is never looked at: it goes on rising long after the recall of items
    that a user kept back has begun to fall.

    Args:
        data: Prepared data.
        watch: Validation users, to stop by.
        config: Settings.
        progress: Told after every look.
        logs: Folder for TensorBoard, if wanted.

    Returns:
        The index at its best look, and the history.
    """
    tf.keras.utils.set_random_seed(config.train.seed)
    strengths, liked = data.strengths("train"), data.liked("train")
    pairs = strongest_items(strengths, config.model.user_items)
    model = UserTowers(strengths.shape[1], strengths.shape[0], config.model.dim, config.train.seed)
    model.compile(optimizer=tf.keras.optimizers.Adagrad(config.train.learning_rate))
    rng = np.random.default_rng(config.train.seed)
    drawn = batches(liked, config.model.favourites, config.train.batch, rng)
    history = fitting.fit(
        model,
        ((favourites, users) for favourites, users, _ in drawn),
        lambda: _look(
            UserStrategies(model.index(*pairs), VoterSettings(), "float32").voters, watch
        ),
        config.train,
        name="user towers",
        progress=progress,
        logs=logs / "users" if logs else None,
    )
    return model.index(*pairs), history


def _look(answer: Answer, watch: Queries) -> float:
    ranked = rank(answer, watch.favourites[:MOST_TUNED], 20, watch.targets.shape[1])
    return float(ndcg_at(ranked, watch.targets[:MOST_TUNED], 20).mean())


def choose_voters(index: UserIndex, watch: Queries, *, progress: Progress) -> VoterSettings:
    """Returns the settings of `VOTER_GRID` with the best validation NDCG@20."""
    scores = []
    for i, settings in enumerate(VOTER_GRID):
        scores.append(_look(UserStrategies(index, settings, "float32").voters, watch))
        progress(i + 1, len(VOTER_GRID), f"{settings.voters} voters, NDCG@20 {scores[-1]:.3f}")
    return VOTER_GRID[int(np.argmax(scores))]


def blended(table: ItemTable, vectors: np.ndarray, watch: Queries) -> ItemIndex:
    """Joins table and towers by the blend of `BLENDS` with the best validation NDCG@20."""
    indices = [ItemIndex.of(table, vectors, blend) for blend in BLENDS]
    scores = [_look(ItemStrategy(index, "float32").items, watch) for index in indices]
    return indices[int(np.argmax(scores))]


def save(users: UserIndex, voters: VoterSettings, items: ItemIndex, folder: Path) -> None:
    """Writes what was learned into a folder."""
    np.savez(folder / "users.npz", **asdict(users))
    np.savez(folder / "items.npz", **asdict(items))
    (folder / "voters.json").write_text(json.dumps(asdict(voters), indent=1), encoding="utf-8")


def load(folder: Path) -> tuple[UserIndex, VoterSettings, ItemIndex]:
    """Reads what `save` wrote."""
    with np.load(folder / "users.npz") as arrays:
        users = UserIndex(**arrays)
    with np.load(folder / "items.npz") as arrays:
        items = ItemIndex(**{name: arrays[name] for name in arrays.files})
    voters = json.loads((folder / "voters.json").read_text(encoding="utf-8"))
    return users, VoterSettings(**voters), items
