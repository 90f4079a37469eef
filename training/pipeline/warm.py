"""Whether `train` starts from the previous model, and which one that is.

The previous model is the current one of `loop`; where it has never run, the one that was trained
last. It is a start only for a fit of the same kind, and choices must not become fixed for ever, so
there are rules; where one of them is broken, the fit is fresh, and says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.config import Config
from training.data import dataset
from training.data.dataset import PARTS, Dataset
from training.domains.domain import ITEM_ID
from training.domains.reading import sha256_of
from training.errors import DataError
from training.models import start as starts
from training.models.start import Start
from training.pipeline import settings
from training.pipeline.folders import Folders, read_json, write_json
from training.pipeline.result import stamp_of
from training.pipeline.staleness import fingerprint

NOTE = "warm.json"
FILES = (starts.FILE, NOTE)
"""What a trained model leaves for the next fit."""
CODE = ("training.models.train",)
"""The modules that train; weights that other code has made are no start."""
USES = ("clean", "split", "model", "train", "items", "evaluate.seed", "evaluate.favourites")
CHOOSING = ("train.warm_start", "train.fresh_every", "train.device")
"""Settings that matter for whether a fit is warm or where it is made, not for what it learns."""
_CURRENT = "current.json"
MOST_GROWTH = 2.0
"""Fresh where there are as many times the likes of the last fresh fit: choices depend on that."""
LEAST_KNOWN = 0.5
"""Fresh where a smaller share of the items is known."""
MOST_SEEN = 0.01
"""Fresh where the previous model learned from a larger share of those who are held out now."""


@dataclass(frozen=True)
class _Previous:
    """A model that was trained before.

    Attributes:
        folder: Where its files are.
        name: Its version, or the fingerprint of a model that was never deployed.
    """

    folder: Path
    name: str


class _Unsuitable(Exception):
    """The previous model is no start; the text says why."""


def start_of(folders: Folders, config: Config) -> dict[str, Any]:
    """Returns what a fit starts from.

    Returns:
        ``{}`` without ``train.warm_start``; ``{"from": version, "sha256": of its weights}``; or
        ``{"fresh": why}``.
    """
    if not config.train.warm_start:
        return {}
    try:
        previous = _previous(folders)
        _require_suitable(previous, dataset.load(folders.prepared), config)
        return {"from": previous.name, "sha256": sha256_of(previous.folder / starts.FILE)}
    except (_Unsuitable, DataError) as error:
        return {"fresh": str(error)}


def keeps(config: Config, start: dict[str, Any]) -> bool:
    """Whether a model with this start may be kept: a warm one only where one was asked for."""
    return config.train.warm_start or "from" not in start


def load(folders: Folders, start: dict[str, Any]) -> Start | None:
    """Reads the weights that `start_of` has found; None for a fresh fit."""
    return starts.load(_previous(folders).folder) if "from" in start else None


def note(folders: Folders, config: Config, start: dict[str, Any], folder: Path) -> None:
    """Writes beside a trained model what the rules of the next fit need to know of it.

    Args:
        folders: Where the prepared data and the previous model are.
        config: Settings of the fit.
        start: What `start_of` returned for it.
        folder: Where the model is.
    """
    if "from" in start:
        before = read_json(_previous(folders).folder / NOTE)
        fits, likes = before["fits"] + 1, before["likes"]
    else:
        fits, likes = 0, _likes(dataset.load(folders.prepared))
    of_fit = {"code": fingerprint(CODE), "settings": _settings(config)}
    write_json(folder / NOTE, of_fit | {"fits": fits, "likes": likes})


def text(start: dict[str, Any]) -> str:
    """Returns for people what a fit started from; "" where nobody asked for a warm start."""
    if "from" in start:
        return f"warm from {start['from']}"
    return f"fresh fit: {start['fresh']}" if "fresh" in start else ""


def _previous(folders: Folders) -> _Previous:
    current = folders.deployed / _CURRENT
    if current.is_file():
        version = str(read_json(current)["version"])
        if not (folders.deployed / version).is_dir():
            raise _Unsuitable(f"the current model {version} was not trained here")
        return _Previous(folders.deployed / version, version)
    try:
        return _Previous(folders.model, stamp_of(folders.model)["fingerprint"])
    except DataError as error:
        raise _Unsuitable("there is no earlier model") from error


def note_current(folders: Folders, version: str) -> None:
    """Notes which version is current: the next fit may start from it."""
    folders.deployed.mkdir(parents=True, exist_ok=True)
    write_json(folders.deployed / _CURRENT, {"version": version})


def _require_suitable(previous: _Previous, data: Dataset, config: Config) -> None:
    """Applies the rules, the cheap ones first.

    Raises:
        _Unsuitable: one is broken.
        DataError: a file is missing or corrupt.
    """
    name, before = previous.name, read_json(previous.folder / NOTE)
    try:
        code, were, fits, likes = (before[key] for key in ("code", "settings", "fits", "likes"))
    except (KeyError, TypeError) as error:
        raise DataError(previous.folder / NOTE, expected="code, settings, fits, likes") from error
    if code != fingerprint(CODE):
        raise _Unsuitable(f"{name} was trained by another release")
    changed = _changed(were, _settings(config))
    if changed:
        raise _Unsuitable(f"{name} was trained with other settings: {', '.join(changed)}")
    if fits + 1 >= config.train.fresh_every:
        every = config.train.fresh_every
        raise _Unsuitable(f"{fits} warm fits since the last fresh one (train.fresh_every={every})")
    if _likes(data) >= MOST_GROWTH * likes:
        raise _Unsuitable(f"{MOST_GROWTH:g} times the likes of the last fresh fit")
    start = starts.load(previous.folder)
    known = np.isin(data.items[ITEM_ID].to_numpy(str), start.items.ids).mean()
    if known < LEAST_KNOWN:
        raise _Unsuitable(f"{name} knows {known:.0%} of the items")
    _require_unseen(start, data, name)


def _require_unseen(start: Start, data: Dataset, name: str) -> None:
    """Makes sure that quality is measured on people from whom the start has not learned.

    Raises:
        _Unsuitable: too many of them are.
    """
    if data.users is None or not len(start.users.ids):
        raise _Unsuitable("it is not known from whom the earlier model learned")
    held_out = data.users[data.parts != PARTS.index("train")]
    seen = np.isin(held_out, start.users.ids).mean()
    if seen > MOST_SEEN:
        raise _Unsuitable(f"{name} learned from {seen:.0%} of the people who are held out now")


def _likes(data: Dataset) -> int:
    return int(data.liked("train").nnz)


def _settings(config: Config) -> dict[str, dict[str, Any]]:
    return settings.used(config, USES, but=CHOOSING)


def _changed(before: Any, now: dict[str, dict[str, Any]]) -> list[str]:
    known = before if isinstance(before, dict) else {}
    return [
        f"{section}.{name}"
        for section, part in now.items()
        for name, value in part.items()
        if known.get(section, {}).get(name) != value
    ]
