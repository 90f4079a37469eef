"""Data with a known answer: even users like even items, odd users like odd items.

No user likes an item of the other colour, and every item has about the same number of likers, so
popularity predicts nothing and the towers should predict everything.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.config import Config
from training.data import dataset
from training.data.dataset import Dataset
from training.data.everyone import of_everyone
from training.domains import DOMAINS
from training.pipeline.folders import Folders
from training.pipeline.stages import STAGES

SONGS = DOMAINS["songs"]

ITEMS = 24
USERS = 240
SETTINGS = (
    "model.dim=8",
    "train.batch=64",
    "train.eval_every=20",
    "train.max_steps=160",
)
"""Small enough to be learned in a second or two."""


def song_of(item: int) -> str:
    """Returns an id whose order does not reveal the item's colour."""
    return f"SO{item * 7 % ITEMS:02}"


def colour_of(song: str) -> int:
    """Returns 0 for an even item and 1 for an odd one."""
    return next(item for item in range(ITEMS) if song_of(item) == song) % 2


def write(folder: Path, seed: int = 1) -> Path:
    """Writes raw files in the songs' formats, and returns their folder.

    Every user plays 7 to 11 of the 12 items of one colour.
    """
    rng = np.random.default_rng(seed)
    lines = []
    for user in range(USERS):
        own = np.arange(user % 2, ITEMS, 2)
        for item in rng.choice(own, rng.integers(7, len(own)), replace=False):
            lines.append(f"U{user:03}\t{song_of(item)}\t{rng.integers(1, 9)}\n")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "train_triplets.txt").write_text("".join(lines))
    (folder / "unique_tracks.txt").write_text(
        "".join(
            f"TR{i}<SEP>{song_of(i)}<SEP>{'Odd' if i % 2 else 'Even'} {i % 3}<SEP>Södra {i}\n"
            for i in range(ITEMS)
        )
    )
    return folder


def config(*more: str) -> Config:
    """Returns the settings that suit the checkerboard."""
    return Config().with_settings([*SETTINGS, *more])


def run(folders: Folders, *stages: str, more: tuple[str, ...] = ()) -> None:
    """Runs stages with the settings that suit the checkerboard."""
    for name in stages:
        STAGES[name](folders, [*SETTINGS, *more], progress=lambda *_: None)


def prepared(folder: Path) -> Folders:
    """Returns the folders of the checkerboard, prepared."""
    folders = Folders(SONGS, write(folder / "raw"), folder / "artifacts")
    run(folders, "prepare")
    return folders


def exported(folder: Path) -> Folders:
    """Returns the folders of the checkerboard after every stage up to export."""
    folders = prepared(folder)
    run(folders, "train", "evaluate", "export")
    return folders


def data_of(folders: Folders) -> Dataset:
    """Returns the prepared checkerboard."""
    return dataset.load(folders.prepared)


def everyone_of(folders: Folders) -> Dataset:
    """Returns the checkerboard as the shipped model has learned it."""
    return of_everyone(data_of(folders))


def colours(ids: list[str]) -> np.ndarray:
    """Returns [items] the colour of each index."""
    return np.array([colour_of(id_) for id_ in ids])
