"""What several tests of the pipeline begin with."""

from __future__ import annotations

import shutil

import pytest

from training.domains import DOMAINS
from training.pipeline.folders import Folders
from training.pipeline.raw_data import remember

SONGS = DOMAINS["songs"]


@pytest.fixture
def folders(board, tmp_path) -> Folders:
    """A copy of the finished checkerboard."""
    shutil.copytree(board.artifacts, tmp_path / "artifacts")
    shutil.copytree(board.raw, tmp_path / "raw")
    copy = Folders(SONGS, tmp_path / "raw", tmp_path / "artifacts")
    remember(copy)
    return copy
