"""`loop`: what it prints, how it ends; and what `status` says of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from tests import checkerboard
from tests.environment import use
from tests.harper_places import Place, built_component, wait_for
from tests.visitors import visit
from training.cli.app import STOPPED
from training.cli.status import ROUNDS
from training.domains import DOMAINS
from training.harper.local.node import PROJECT_ROOT
from training.pipeline.folders import Folders
from training.pipeline.lock import exclusive
from training.pipeline.rounds import JOURNAL, append_round, rounds

pytestmark = pytest.mark.slow

SET = [
    word
    for setting in (*checkerboard.SETTINGS, "evaluate.quick=true")
    for word in ("--set", setting)
]


@pytest.fixture
def here(artifacts: Path, fake: Place, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The finished checkerboard's artifacts, and a fake HarperDB in the environment."""
    assert fake.fake is not None
    fake.fake.replays = True
    fake.component = built_component()
    use(fake.config, monkeypatch)
    return artifacts


def test_a_round_is_one_line_and_status_shows_the_last_ones(call, here: Path, fake: Place) -> None:
    words = ("songs", "--artifacts", here)
    code, shown, errors = call("loop", *words, "--once", *SET)
    assert code == 0, errors
    assert shown.count("\n") == 1
    assert "deployed nothing → " in shown
    assert errors.startswith("songs: data from ")
    visit(fake, range(2))
    code, shown, _ = call("loop", *words, "--once", *SET)
    assert code == 0
    assert "unchanged; 16 new events of 16" in shown
    code, shown, _ = call("status", *words)
    assert code == 0
    *_, title, newest, oldest = shown.rstrip().splitlines()
    assert title == "last rounds of loop, the newest first:"
    assert "unchanged; 16 new events of 16" in newest
    assert "deployed nothing → " in oldest
    for _ in range(5):
        append_round(Folders(DOMAINS["songs"], here, here), rounds(here / "songs")[-1])
    _, shown, _ = call("status", *words)
    assert shown.count("unchanged; 16 new events of 16") == ROUNDS
    assert "deployed nothing" not in shown


def test_status_says_nothing_of_a_loop_that_never_ran(call, here: Path, fake: Place) -> None:
    call("status", "songs", "--artifacts", here)
    assert "loop" not in call("status", "songs", "--artifacts", here)[1]


def test_a_domain_that_fails_does_not_stop_another(call, board: Folders, here: Path) -> None:
    (here / "books").mkdir()
    (here / "books" / "data.json").write_text('{"folder": "/nowhere"}')
    code, shown, _ = call("loop", "books", "songs", "--artifacts", here, "--once", *SET)
    assert code == 1
    books, songs = shown.splitlines()
    assert "failed in prepare: /nowhere" in books
    assert "deployed nothing → " in songs
    [recorded] = rounds(here / "books")
    assert (recorded["outcome"], recorded["stage"]) == ("failed", "prepare")
    assert "/nowhere" in recorded["error"]


def test_two_loops_at_once_are_refused(call, here: Path) -> None:
    with exclusive(here, "loop songs --every 1h"):
        code, shown, errors = call("loop", "songs", "--artifacts", here, "--once", *SET)
    assert (code, shown) == (1, "")
    assert "is in use by process" in errors
    assert "loop songs --every 1h" in errors


@pytest.mark.parametrize("every", ["", "1", "h", "0s", "1.5h", "-1m", "1w"])
def test_a_time_between_rounds_that_is_none_is_refused(call, here: Path, every: str) -> None:
    code, _, errors = call("loop", "songs", "--artifacts", here, "--every", every)
    assert code == 2
    assert "expected a number and s, m, h or d" in errors


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_its_sleep_in_one_line(here: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "training", "loop", "songs", "--artifacts", here, *SET]
    process = subprocess.Popen(
        command, cwd=PROJECT_ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        wait_for((here / "songs" / JOURNAL).is_file, 300)
        os.kill(process.pid, number)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == STOPPED
    assert errors.splitlines()[1:] == ["stopped; finished stages are kept"]
    assert len(rounds(here / "songs")) == 1


@pytest.mark.slow
def test_a_signal_ends_a_round_in_one_line(here: Path, fake: Place) -> None:
    assert fake.fake is not None
    command = [sys.executable, "-m", "training", "loop", "songs", "--artifacts", here, *SET]
    process = subprocess.Popen(command, cwd=PROJECT_ROOT, stderr=subprocess.PIPE, text=True)
    children: list[psutil.Process] = []

    def stop(body: dict[str, object]) -> None:
        if not children:
            children.extend(psutil.Process(process.pid).children())
            process.terminate()

    fake.fake.before = stop
    try:
        _, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == STOPPED
    assert errors.splitlines()[1:] == ["stopped; finished stages are kept"]
    assert [child.is_running() for child in children] == [False]
    assert rounds(here / "songs") == []


@pytest.mark.slow
def test_a_round_whose_process_is_killed_is_a_failed_round(here: Path, fake: Place) -> None:
    assert fake.fake is not None
    children: list[psutil.Process] = []
    command = [sys.executable, "-m", "training", "loop", "songs", "--artifacts", here, *SET]
    process = subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True)

    def kill(body: dict[str, object]) -> None:
        for child in psutil.Process(process.pid).children():
            child.kill()
            children.append(child)

    fake.fake.before = kill
    too_late = threading.Timer(300, process.kill)
    too_late.start()
    try:
        assert process.stdout is not None
        shown = process.stdout.readline()
        process.terminate()
        process.communicate(timeout=60)
    finally:
        too_late.cancel()
        process.kill()
    assert len(children) == 1
    [recorded] = rounds(here / "songs")
    assert recorded["error"] == "the process of the round was killed by signal 9"
    assert "failed in round: the process of the round was killed" in shown


def test_without_harperdb_a_round_fails_and_says_where(call, here: Path, fake: Place) -> None:
    assert fake.fake is not None
    fake.fake.stop()
    code, shown, _ = call("loop", "songs", "--artifacts", here, "--once", *SET)
    assert code == 1
    assert "failed in connect" in shown
    assert rounds(here / "songs")[0]["outcome"] == "failed"
    fake.fake.start()
