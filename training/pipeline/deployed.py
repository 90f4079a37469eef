"""The bundles that were deployed, kept beside the artifacts for comparing the next one with them.

HarperDB's operations API shows of a large blob its length only: a deployed model cannot be read
back from there. With each goes its measured model, which the comparison needs.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.data import dataset
from training.errors import DataError
from training.pipeline import measured, warm
from training.pipeline.folders import Folders, read_json
from training.pipeline.result import stamp_of, writing
from training.pipeline.stages import STAGES

KEPT = 3
"""Bundles kept: the current one, and those that a rollback may lead to."""
MEASURED = "measured"
_LEARNED_FROM = "learned_from.npy"


@dataclass(frozen=True)
class Deployed:
    """A kept bundle.

    Attributes:
        folder: The bundle.
        measured: Its measured model; see `training.pipeline.measured`.
        learned_from: [users] uint64, hashes of the users that the measured model was fitted and
            chosen on. The bundle itself has learned from everybody.
    """

    folder: Path
    measured: Path
    learned_from: np.ndarray


def keep(folders: Folders, version: str) -> None:
    """Notes that this version is current, and keeps its bundle and its weights for the next fit.

    Only if the bundle is of this version and made from the prepared data as it is now.
    """
    warm.note_current(folders, version)
    if find(folders, version) is not None:
        os.utime(folders.deployed / version)
        return
    try:
        STAGES["export"].fingerprint_of(folders)
        if read_json(folders.bundle / "manifest.json")["version"] != version:
            return
    except DataError:
        return  # it was made elsewhere, or from other data
    data = dataset.load(folders.prepared)
    if data.users is None:
        return
    test = dataset.PARTS.index("test")
    weights = [folders.model / name for name in warm.FILES]
    with writing(folders.deployed / version, version) as fresh:
        measured.keep(folders, fresh / MEASURED)
        for file in (*folders.bundle.iterdir(), *filter(Path.is_file, weights)):
            if file.name != "stage.json":
                shutil.copy(file, fresh)
        np.save(fresh / _LEARNED_FROM, np.sort(data.users[data.parts != test]))
    _prune(folders)


def find(folders: Folders, version: str) -> Deployed | None:
    """Returns the kept bundle of a version, if there is one."""
    folder = folders.deployed / version
    try:
        stamp = stamp_of(folder)
    except DataError:
        return None
    if any(not (folder / name).is_file() for name in stamp.get("files", [])):
        return None
    return Deployed(folder, folder / MEASURED, np.load(folder / _LEARNED_FROM))


def _prune(folders: Folders) -> None:
    kept = [path for path in folders.deployed.iterdir() if path.is_dir()]
    for old in sorted(kept, key=lambda path: path.stat().st_mtime, reverse=True)[KEPT:]:
        shutil.rmtree(old)
