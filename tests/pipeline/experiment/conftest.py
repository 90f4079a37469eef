"""A fake HarperDB with a current model and a challenger that can be brought to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.fake_bundle import version_of
from tests.harper_places import Place as Server
from training.bundle import open_bundle
from training.experiments.row import Variant
from training.pipeline.experiment.end import Place
from training.pipeline.experiment.start import Request
from training.pipeline.folders import Folders


@dataclass
class Site:
    """Where experiments of a test take place."""

    server: Server
    place: Place
    champion: str
    bundle: Path

    @property
    def challenger(self) -> str:
        return version_of(self.bundle)

    def request(self, **changes: Any) -> Request:
        bundle = open_bundle(self.bundle, "songs")
        variant = Variant(version=bundle.version)
        component = self.server.component
        made = Request(variant, "split", 0.5, bundle=bundle, component=lambda: component)
        return replace(made, **changes)

    def stepping(self, step: Callable[[str], None]) -> Place:
        return replace(self.place, step=step)

    def current_rows(self) -> dict[str, Any]:
        return {row["id"]: row for row in self.server.rows("current")}

    def versions(self) -> set[str]:
        return {row["version"] for row in self.server.rows("models")}


def site_of(server: Server, folder: Path) -> Site:
    champion = server.bundle("a")
    server.deploy(champion)
    folders = Folders(server.domain, folder, folder / "artifacts")
    place = Place(folders, server.target, "tests")
    return Site(server, place, version_of(champion), server.bundle("b"))


@pytest.fixture
def site(fake: Server, tmp_path: Path) -> Site:
    return site_of(fake, tmp_path)
