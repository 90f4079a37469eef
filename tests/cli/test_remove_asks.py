"""`remove` asks before it removes anything; what it then does is in tests/cli/test_remove.py."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.cli.terminal import END_OF_INPUT, terminal
from tests.environment import enter
from tests.harper_places import Place

QUESTION = "Remove song-recommender?"


@pytest.fixture
def deployed(fake: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place with a recommender's database."""
    enter(tmp_path, fake.config, monkeypatch)
    for table in ("models", "items"):
        fields = {"database": fake.domain.database, "table": table, "primary_key": "id"}
        fake.target.client.operation("create_table", **fields)
    return fake


def is_there(place: Place) -> bool:
    return place.domain.database in place.target.client.operation("describe_all")


def answered(call: Call, typed: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str, str]:
    with terminal(typed) as opened:
        monkeypatch.setattr(sys, "stdin", opened)
        return call("remove", "songs")


@pytest.mark.parametrize("typed", [b"n\n", b"\n"], ids=["no", "return"])
def test_nothing_is_removed_without_a_yes(
    call: Call, deployed: Place, monkeypatch: pytest.MonkeyPatch, typed: bytes
) -> None:
    code, shown, errors = answered(call, typed, monkeypatch)
    assert (code, shown.strip()) == (1, "")
    assert "the database song_recommender with its models" in errors
    assert QUESTION in errors
    assert errors.endswith("Nothing removed.\n")
    assert is_there(deployed)


def test_a_yes_removes_it(call: Call, deployed: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    code, shown, errors = answered(call, b"y\n", monkeypatch)
    assert code == 0, errors
    assert QUESTION in errors
    assert "song-recommender is no longer on" in shown
    assert not is_there(deployed)


def test_the_end_of_the_input_is_no_yes(
    call: Call, deployed: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, shown, errors = answered(call, END_OF_INPUT, monkeypatch)
    assert (code, shown.strip()) == (1, "")
    assert QUESTION in errors
    assert "Aborted" in errors
    assert is_there(deployed)


def test_a_script_must_say_yes(
    call: Call, deployed: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        code, shown, errors = call("remove", "songs")
    assert (code, shown.strip()) == (1, "")
    assert QUESTION not in errors
    assert "this is no terminal to ask on: check the above, and add --yes" in errors
    assert is_there(deployed)
    code, _, errors = call("remove", "songs", "--yes")
    assert code == 0, errors
    assert not is_there(deployed)
