"""Calling the command line in this process."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from training.cli import app
from training.pipeline.folders import Folders

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Calls the command line; returns exit code, output and errors."""

    def called(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["harperdb-recommender", *map(str, words)])
        code = 0
        try:
            app.main()
        except SystemExit as end:
            code = int(end.code or 0)
        return (code, *capsys.readouterr())

    return called


@pytest.fixture
def artifacts(board: Folders, tmp_path: Path) -> Path:
    """A copy of the finished checkerboard's artifacts."""
    shutil.copytree(board.artifacts, tmp_path / "artifacts")
    return tmp_path / "artifacts"
