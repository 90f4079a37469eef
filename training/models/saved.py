"""Writes what was learned into a folder, and reads it again."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from training.models.item_strategy import ItemIndex
from training.models.user_strategies import VoterSettings
from training.models.user_towers import UserIndex


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
