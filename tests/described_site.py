"""A node, and commands called beside it: from a description to a recommender that answers."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests import checkerboard
from tests.environment import variables
from tests.harper_places import built_component, real_node
from training.harper.local.node import PROJECT_ROOT, LocalNode

FEW = ("evaluate.quick=true", "export.strategies=items", "items.epochs=4")


@dataclass
class DescribedSite:
    """A node, and the folder where commands are called and write their data sets."""

    node: LocalNode
    folder: Path

    @property
    def artifacts(self) -> list[str]:
        """The words of a command that name its folder of results."""
        return ["--artifacts", str(self.folder / "artifacts")]

    def description(self, name: str) -> Path:
        return self.folder / "datasets" / name / "domain.toml"

    def base(self, name: str) -> str:
        """Returns the prefix of a recommender's routes."""
        return f"{self.node.routes_url}/{name}-recommender"

    def call(self, *words: str) -> str:
        """Calls a command, which must succeed, and returns its output."""
        done = subprocess.run(
            [sys.executable, "-m", "training", *words],
            cwd=self.folder,
            env=os.environ
            | variables(self.node.config())
            | {
                "RECOMMENDER_DATASETS": str(self.folder / "datasets"),
                "PYTHONPATH": str(PROJECT_ROOT),
            },
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run(self, name: str) -> None:
        """Trains and deploys a domain that is described."""
        settings = [f"--set={setting}" for setting in (*checkerboard.SETTINGS, *FEW)]
        assert f"{self.base(name)}/ui/" in self.call("run", name, *self.artifacts, *settings)

    def recommended(self, name: str, **more: Any) -> list[str]:
        """Returns the ids of five recommendations from two odd things."""
        question = {"favourites": ["thing 1", "thing 3"], "limit": 5, **more}
        answer = requests.post(f"{self.base(name)}/recommend", json=question, timeout=30).json()
        return [row["id"] for row in answer["recommendations"]]


@contextlib.contextmanager
def described_site(folder: Path) -> Iterator[DescribedSite]:
    """Yields a site without a recommender."""
    built_component()
    with real_node(folder / "node") as node:
        yield DescribedSite(node, folder)


def are_odd(ids: list[str]) -> bool:
    """Whether all things of `tests.domains.descriptions.likes` are odd, as those who like odd
    ones like them.
    """
    return all(int(id_.removeprefix("thing ")) % 2 for id_ in ids)
