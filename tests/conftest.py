"""Fixtures that several test files share."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import checkerboard
from tests.harper_places import Place, built_component, fake_place, real_node
from training.pipeline.folders import Folders

# The same examples each time, and no deadline: a failure is a bug of the code.
settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")
# A shell that runs a command in the background makes it ignore Ctrl-C, and so the commands that it
# starts: tests of Ctrl-C would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def board(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """The checkerboard after every stage up to export; read-only."""
    return checkerboard.exported(tmp_path_factory.mktemp("board"))


@pytest.fixture(scope="session")
def real_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One real HarperDB for the whole run, with the component for songs."""
    with real_node(tmp_path_factory.mktemp("harper")) as node:
        yield Place(node.config(), built_component(), node.folder / "bundles")


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.e2e)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty HarperDB: the fake, and the real one with its rows removed."""
    if request.param == "fake":
        with fake_place(tmp_path) as fake:
            yield fake
        return
    real = request.getfixturevalue("real_place")
    real.folder = tmp_path
    real.empty()
    yield real


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[Place]:
    """A new fake, for behaviour that only a fake can produce."""
    with fake_place(tmp_path) as place:
        yield place
