"""`collect` and `forget`: their output and exit codes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from tests.environment import variables
from tests.events.rows import event_row as row_of
from tests.harper_places import Place
from training.cli import events as event_commands
from training.cli.harper import BEHIND
from training.errors import DataError

Run = Callable[..., Result]
SESSION = "a-session-of-mine"


def event_row(**more: object) -> dict[str, object]:
    """Returns an event that happened now: old ones would be removed."""
    return row_of(arrived=int(time.time() * 1000), **more)


@pytest.fixture
def run(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command with the test's HarperDB, with artifacts under tmp_path."""
    environment = variables(place.config) | {"COLUMNS": "200"}
    for name in ("HARPER_NODES", "HARPER_CA"):
        monkeypatch.delenv(name, raising=False)
    app = typer.Typer()
    event_commands.mount(app)

    def run(*words: str, **env: str) -> Result:
        words = (*words, "--artifacts", str(tmp_path / "artifacts"))
        return CliRunner().invoke(app, words, env=environment | env)

    place.deploy(place.bundle("a"))
    return run


def put(place: Place, *rows: dict[str, object]) -> None:
    place.target.client.upsert(place.domain.database, "events", list(rows))


def test_collect_reports_each_nodes_rows_and_the_second_time_nothing_new(
    place: Place, run: Run, tmp_path: Path
) -> None:
    put(place, *[event_row() for _ in range(7)])
    first = run("collect", "songs")
    assert first.exit_code == 0, first.output
    assert "7 events read, 7 new" in first.stdout
    assert f"7 in {tmp_path / 'artifacts' / 'songs' / 'events'}" in first.stdout
    again = run("collect", "songs", "--full")
    assert "7 events read, 0 new" in again.stdout


def test_a_node_that_is_down_is_named_and_the_others_are_collected(place: Place, run: Run) -> None:
    put(place, event_row())
    result = run("collect", "songs", HARPER_NODES="127.0.0.99")
    assert result.exit_code == BEHIND
    assert "1 events read, 1 new" in result.stdout
    assert "127.0.0.99 was not read to the end" in result.stderr


def test_forget_deletes_a_session_on_the_node_and_in_the_files(place: Place, run: Run) -> None:
    put(place, event_row(session=SESSION), event_row(session=SESSION), event_row())
    run("collect", "songs")
    result = run("forget", "songs", "--session", SESSION)
    assert result.exit_code == 0, result.output
    assert result.stdout.count("2 events deleted") == 2
    assert len(place.rows("events")) == 1
    assert run("forget", "songs", "--session", SESSION).stdout.count("0 events deleted") == 2


def test_forget_says_which_node_it_could_not_reach(place: Place, run: Run) -> None:
    result = run("forget", "songs", "--session", SESSION, HARPER_NODES="127.0.0.99")
    assert result.exit_code == BEHIND
    assert "127.0.0.99" in result.stderr


def test_collect_accepts_a_file_of_another_tracker(place: Place, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "tracked.jsonl"
    row = {"session": "s", "type": "like", "item": "x", "at": "2026-11-20T10:00:00Z"}
    path.write_text("".join(json.dumps(row | {"id": f"e{n}"}) + "\n" for n in range(3)))
    assert "3 new events; 3 in" in run("collect", "songs", "--from", str(path)).stdout
    assert "0 new events; 3 in" in run("collect", "songs", "--from", str(path)).stdout
    path.write_bytes(b'{"id": "\xff"}\n')
    result = run("collect", "songs", "--from", str(path))
    assert isinstance(result.exception, DataError)
    assert "expected UTF-8" in str(result.exception)
