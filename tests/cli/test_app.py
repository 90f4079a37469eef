"""The command line: help with examples, one line an error, exit codes 0, 1, 2 and 130."""

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

import training
from tests.cli.one_line import one_line
from training.cli.console import printable
from training.pipeline.stages import STAGES

pytestmark = pytest.mark.slow

SAMPLE = Path(__file__).parents[2] / "datasets" / "songs" / "sample"
COMMANDS = ["prepare", "train", "evaluate", "export", "compare", "run", "recommend"]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_an_example_of_the_command(call, name):
    code, shown, _ = call(name, "--help")
    assert code == 0
    assert f"Example: harperdb-recommender {name} " in shown


def test_help_names_every_command(call):
    code, shown, _ = call("--help")
    assert code == 0
    assert all(f"  {name}  " in shown for name in [*COMMANDS, "deploy", "status", "config"])


@pytest.mark.parametrize(
    "words",
    [
        ("prepare",),
        ("prepare", "films"),
        ("prepare", "songs", "--nonsense"),
        ("fly", "songs"),
        ("recommend", "songs"),
        ("recommend", "songs", "SO1", "--limit", "0"),
        ("recommend", "songs", "SO1", "--limit", "101"),
        ("compare", "songs", "--protocol", "mds"),
        ("compare", "books", "--protocol", "msd"),
    ],
)
def test_wrong_usage_exits_2_and_keeps_standard_output_clean(call, words):
    code, shown, errors = call(*words)
    assert (code, shown) == (2, "")
    assert errors
    assert "Traceback" not in errors


def test_an_unknown_domain_names_those_there_are(call):
    message = " ".join(call("prepare", "films")[2].split())
    assert "there are books and songs" in message
    assert "new NAME --interactions FILE" in message


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("prepare", "songs", "--data", SAMPLE, "--set", "train.max=1"), "no such field"),
        (("prepare", "songs", "--data", SAMPLE, "--set", "train.max_steps=many"), "max_steps=many"),
        (("prepare", "songs", "--data", "/nowhere/at/all"), "/nowhere/at/all"),
        (("train", "songs"), "harperdb-recommender prepare"),
        (("evaluate", "books"), "harperdb-recommender train"),
        (("export", "books"), "harperdb-recommender evaluate"),
        (("recommend", "songs", "SO1"), "harperdb-recommender export"),
    ],
)
def test_an_error_is_one_line_and_exits_1(call, tmp_path, words, message):
    code, shown, errors = call(*words, "--artifacts", tmp_path / "artifacts")
    assert (code, shown) == (1, "")
    assert one_line(errors)
    assert message in errors


def test_a_place_that_cannot_be_written_is_named_in_one_line(call, tmp_path):
    (tmp_path / "file").touch()
    words = ("prepare", "songs", "--data", SAMPLE, "--artifacts", tmp_path / "file")
    code, shown, errors = call(*words)
    assert (code, shown) == (1, "")
    assert one_line(errors)
    assert str(tmp_path / "file" / "songs") in errors


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_an_error_of_the_operating_system_is_one_line_and_keeps_the_earlier_result(
    call, artifacts, monkeypatch, number
):
    def refused(*_):
        raise OSError(number, os.strerror(number))

    before = (artifacts / "songs" / "prepared" / "stage.json").read_bytes()
    monkeypatch.setattr("training.data.dataset.save", refused)
    words = ("prepare", "songs", "--data", SAMPLE, "--artifacts", artifacts)
    code, shown, errors = call(*words)
    assert (code, shown) == (1, "")
    assert one_line(errors)
    assert f"{artifacts / 'songs' / 'prepared'}: {os.strerror(number)}: " in errors
    assert (artifacts / "songs" / "prepared" / "stage.json").read_bytes() == before
    assert not list(artifacts.glob("**/*.tmp"))


def test_any_other_operating_system_error_is_our_own_bug(call, tmp_path, monkeypatch):
    def bad_descriptor(*_):
        raise OSError(errno.EBADF, "our own")

    monkeypatch.setattr("training.data.dataset.save", bad_descriptor)
    with pytest.raises(OSError, match="our own"):
        call("prepare", "songs", "--artifacts", tmp_path)


def test_an_error_is_one_line_whatever_a_file_contains(call, tmp_path):
    folder = tmp_path / "odd\x1b[31m\nname [red]"
    folder.mkdir()
    code, _, errors = call("prepare", "songs", "--data", folder, "--artifacts", tmp_path / "a")
    assert code == 1
    assert one_line(errors)
    assert "[red]" in errors


def test_our_own_bug_keeps_its_traceback(call, monkeypatch, tmp_path):
    def broken(*_, **__):
        raise ZeroDivisionError("ours")

    monkeypatch.setitem(STAGES, "prepare", replace(STAGES["prepare"], work=broken))
    with pytest.raises(ZeroDivisionError):
        call("prepare", "songs", "--artifacts", tmp_path)


def test_ctrl_c_says_that_finished_stages_are_kept(call, monkeypatch, tmp_path):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setitem(STAGES, "prepare", replace(STAGES["prepare"], work=stopped))
    code, _, errors = call("prepare", "songs", "--artifacts", tmp_path)
    assert code == 130
    assert "stopped; finished stages are kept" in errors
    assert "Traceback" not in errors


def test_a_title_cannot_control_the_terminal():
    assert printable("a\x1b[31m\x07b\r\nc\x9b") == "a[31mbc"


def test_help_names_the_environment_variables(call):
    shown = call("--help")[1]
    names = ("URL", "ROUTES_URL", "USERNAME", "PASSWORD", "NODES", "CA", "PLAIN_HTTP")
    assert all(f"HARPER_{name} " in shown for name in names)


def test_the_version_is_that_of_the_project(call):
    code, shown, _ = call("--version")
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert (code, shown) == (0, f"harperdb-recommender {training.__version__}\n")
    assert f'version = "{training.__version__}"' in project
