"""The environment of a command that uses a HarperDB of the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.harper.config import HarperConfig

OTHERS = ("HARPER_NODES", "HARPER_CA", "HARPER_COLLECTOR_USERNAME", "HARPER_SOURCE_USERNAME")
"""Variables that could lead a command somewhere else."""


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
    use(config, monkeypatch)


def use(config: HarperConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes commands in this process find the HarperDB, and no other."""
    for name in OTHERS:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables(config).items():
        monkeypatch.setenv(name, value)
