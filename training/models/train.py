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

from training.config import Config
from training.data.dataset import Dataset
from training.data.examples import Queries, queries_of
from training.data.features import features_of
from training.domains.domain import Domain
from training.models import (
    choices,
    continued,
    fitting,
    item_table,
    item_tower,
    shipped,
    user_towers,
)
from training.models import start as starts
from training.models.fitting import History
from training.models.item_strategy import ITEMS, ItemIndex
from training.models.saved import save
from training.models.start import Start
from training.models.user_strategies import NEAREST_USER, VOTERS, UserStrategies, VoterSettings
from training.models.user_towers import UserIndex
from training.parallel import memory
from training.progress import Progress

_PARTS_OF_ITEMS = ("item towers", "item table", "blend", "blend of new items")


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
    clock = _Clock()
    left, histories, strategies = _measured(
        domain, data, config, folder, clock, progress=progress, start=start
    )
    memory.release()  # of the measured model, which is saved, only `left` is needed
    (folder / shipped.FOLDER).mkdir()
    shipped.fit(domain, data, config, left, histories, folder / shipped.FOLDER, progress=progress)
    clock.lap("everyone")
    history = {
        "towers": {name: asdict(history) for name, history in histories.items()},
        "strategies": strategies,
        "seconds": clock.laps,
    }
    (folder / "history.json").write_text(json.dumps(history, indent=1), encoding="utf-8")


def _measured(
    domain: Domain,
    data: Dataset,
    config: Config,
    folder: Path,
    clock: _Clock,
    *,
    progress: Progress,
    start: Start | None,
) -> tuple[Start, dict[str, History], dict[str, dict[str, Any]]]:
    """Fits the measured model and writes it into a folder; arguments as for `train`.

    Returns:
        What it leaves, how its towers were fitted, and what the report says about each strategy.
    """
    validation_queries = queries_of(data, "validation", config.evaluate.favourites, config)
    features, liked, logs = features_of(domain, data.items), data.liked("train"), folder / "logs"
    users, users_history = fit_user_towers(
        data, validation_queries, config, progress=progress, logs=logs, start=start
    )
    clock.lap("user towers")
    if start:
        voters = VoterSettings(**start.voters)
    else:
        voters = choices.choose_voters(users, validation_queries, progress=progress)
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
    blend = (
        start.blend if start else float(choices.blended(table, vectors, validation_queries).blend)
    )
    clock.lap("blend")
    if start:
        of_new = start.new_blend
    else:
        steps = items_history.best_step
        of_new = choices.blend_of_new(
            data, features, table, vectors, blend, steps, config, progress=progress
        )
    items = ItemIndex.of(table, vectors, blend, of_new)
    clock.lap("blend of new items")
    save(users, voters, items, folder)
    left = continued.start_after(data, features, users, towers, table, voters, items, of_new)
    starts.save(left, folder)
    histories = {shipped.USER_TOWERS: users_history, shipped.ITEM_TOWERS: items_history}
    return left, histories, _strategies(voters, items, clock.laps)


def _strategies(
    voters: VoterSettings, items: ItemIndex, laps: dict[str, float]
) -> dict[str, dict[str, Any]]:
    """Returns by strategy what the report's row says about its fitting.

    ``fit_seconds`` is the time of every part that it needs; a shared part counts for each.
    """
    users = laps["user towers"]
    of_items = sum(laps[part] for part in _PARTS_OF_ITEMS)
    blends = {"blend": float(items.blend)}
    if len(items.new):
        blends["new_blend"] = float(items.new_blend)
    return {
        ITEMS.name: _row(blends, of_items, uses_content=True),
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
        lambda: choices.quality_of(
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
