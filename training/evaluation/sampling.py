"""Keeps the time of an evaluation bounded on a large catalogue, and lists what is left out.

Methods score every item for every user, so the time is proportional to users x items. The limits
depend only on the size of the data, not on a clock: the same data have the same report on any
machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from training.config import Config
from training.data.dataset import Dataset
from training.data.examples import Queries
from training.domains.domain import LIKED
from training.evaluation.baselines.linear import EASE_ITEMS
from training.evaluation.baselines.peer import Baseline, Training

MOST_CELLS = 300_000_000
"""Most users x items that a method scores at a time."""
QUICK_CELLS = 60_000_000
"""The same with `evaluate.quick`."""
MOST_LIKES = 10_000_000
"""Beyond this, what takes a quick evaluation too long is left out too: it would take hours."""
_WHY = f"(evaluate.quick, or more than {MOST_LIKES:,} likes)"
LEAST_USERS = 200
"""Never fewer sampled users: intervals would be too wide to compare methods."""


def bounded(config: Config, items: int) -> Config:
    """Returns the settings with as few users as the size of the catalogue requires.

    Args:
        config: Settings.
        items: Number of items.
    """
    cells = QUICK_CELLS if config.evaluate.quick else MOST_CELLS
    most = min(config.evaluate.max_users, max(LEAST_USERS, cells // items))
    return replace(config, evaluate=replace(config.evaluate, max_users=most))


def brief(config: Config, data: Dataset) -> Config:
    """Returns the settings with `evaluate.quick` if the data have more than `MOST_LIKES` likes."""
    quick = config.evaluate.quick or int(data.interactions[LIKED].sum()) > MOST_LIKES
    return replace(config, evaluate=replace(config.evaluate, quick=quick))


def sampling(data: Dataset, validation: Queries, test: Queries, config: Config) -> dict[str, Any]:
    """Returns for the report how many users of each part were measured, and of how many."""
    found = {}
    for part, queries in (("validation", validation), ("test", test)):
        likes = np.diff(data.liked(part).indptr)
        found[part] = {
            "users": len(queries),
            "of": int((likes > config.evaluate.favourites).sum()),
        }
    return found


def kept(baselines: Iterable[Baseline], config: Config) -> list[Baseline]:
    """Returns the baselines that are measured."""
    return [one for one in baselines if not (one.slow and config.evaluate.quick)]


def left_out(
    baselines: Iterable[Baseline], training: Training, config: Config
) -> list[dict[str, str]]:
    """Returns for the report what is not measured, or not on all items, with the reason."""
    some = list(baselines)
    measured = kept(some, config)
    found = [
        {"what": one.name, "reason": f"tuning it takes long {_WHY}"}
        for one in some
        if one not in measured
    ]
    if config.evaluate.quick:
        found.append({"what": "new items", "reason": f"the model is fitted again {_WHY}"})
    able = int((training.likers >= 2).sum())
    if able > EASE_ITEMS:
        reason = f"{able - EASE_ITEMS:,} of {able:,} items: its time grows with their cube"
        found += [
            {"what": f"{one.name} on the less popular items", "reason": reason}
            for one in measured
            if one.name in ("EASE", "SANSA")
        ]
    return found
