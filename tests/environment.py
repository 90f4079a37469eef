"""The environment of a command that uses a HarperDB of the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.harper.config import HarperConfig


def variables(config: HarperConfig) -> dict[str, str]:
    """Returns the environment variables that name a HarperDB."""
    return {
        "HARPER_URL": config.url,
        "HARPER_ROUTES_URL": config.routes_url,
        "HARPER_USERNAME": config.username,
        "HARPER_PASSWORD": config.password,
    }


def enter(folder: Path, config: HarperConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Goes to a folder with data sets of its own, from where a command finds the HarperDB."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("RECOMMENDER_DATASETS", str(folder / "datasets"))
    for name, value in variables(config).items():
        monkeypatch.setenv(name, value)
    for name in ("HARPER_NODES", "HARPER_CA", "HARPER_SOURCE_USERNAME"):
        monkeypatch.delenv(name, raising=False)
