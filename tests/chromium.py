"""Runs browser tests, which are JavaScript, as a part of a Python test."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from training.harper.local.node import PROJECT_ROOT

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


def assert_passes_in_chromium(program: str, *words: str, **environment: str) -> None:
    """Runs a program of Node.js in the project's folder; skips where there is no Chromium."""
    if not Path(CHROMIUM).exists() and not os.environ.get("CI"):
        pytest.skip(f"no Chromium at {CHROMIUM}; install it, or name one with CHROMIUM")
    found = shutil.which(program)
    assert found is not None
    done = subprocess.run(
        [found, *words],
        cwd=PROJECT_ROOT,
        env=os.environ | {"CHROMIUM": CHROMIUM} | environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
